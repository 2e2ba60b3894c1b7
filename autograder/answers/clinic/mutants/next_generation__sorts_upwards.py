"""Sorts the scores upwards, so that the worst survive and breed."""

import torch


def next_generation(population, scores, *, mutation_rate, generator):
    count, genes = population.shape
    ranking = scores.argsort()
    rows = [population[ranking[0]]]
    while len(rows) < count:
        one, other = ranking[torch.randperm(count // 2, generator=generator)[:2]]
        cut = int(torch.randint(1, genes, (), generator=generator))
        child = torch.cat([population[one, :cut], population[other, cut:]])
        rows.append(child ^ (torch.rand(genes, generator=generator) < mutation_rate))
    return torch.stack(rows)
