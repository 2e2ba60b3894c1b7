"""Mutates the best candidate as well, so that it can be lost."""

import torch


def next_generation(population, scores, *, mutation_rate, generator):
    count, genes = population.shape
    ranking = scores.argsort(descending=True)
    rows = [population[ranking[0]]]
    while len(rows) < count:
        one, other = ranking[torch.randperm(count // 2, generator=generator)[:2]]
        cut = int(torch.randint(1, genes, (), generator=generator))
        rows.append(torch.cat([population[one, :cut], population[other, cut:]]))
    flips = torch.rand(count, genes, generator=generator) < mutation_rate
    return torch.stack(rows) ^ flips
