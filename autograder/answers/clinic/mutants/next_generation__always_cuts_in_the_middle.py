"""Cuts every pair of parents in the middle."""

import torch


def next_generation(population, scores, *, mutation_rate, generator):
    count, genes = population.shape
    ranking = scores.argsort(descending=True)
    rows = [population[ranking[0]]]
    while len(rows) < count:
        one, other = ranking[torch.randperm(count // 2, generator=generator)[:2]]
        cut = genes // 2
        child = torch.cat([population[one, :cut], population[other, cut:]])
        rows.append(child ^ (torch.rand(genes, generator=generator) < mutation_rate))
    return torch.stack(rows)
