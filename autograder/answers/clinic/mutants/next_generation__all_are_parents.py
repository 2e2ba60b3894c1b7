"""Draws parents among all candidates instead of the better half."""

import torch


def next_generation(population, scores, *, mutation_rate, generator):
    count, genes = population.shape
    rows = [population[scores.argmax()]]
    while len(rows) < count:
        one, other = torch.randperm(count, generator=generator)[:2]
        cut = int(torch.randint(1, genes, (), generator=generator))
        child = torch.cat([population[one, :cut], population[other, cut:]])
        rows.append(child ^ (torch.rand(genes, generator=generator) < mutation_rate))
    return torch.stack(rows)
