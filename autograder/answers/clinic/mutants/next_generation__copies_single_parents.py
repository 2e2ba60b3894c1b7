"""Copies one parent instead of crossing two."""

import torch


def next_generation(population, scores, *, mutation_rate, generator):
    count, genes = population.shape
    ranking = scores.argsort(descending=True)
    rows = [population[ranking[0]]]
    while len(rows) < count:
        child = population[ranking[int(torch.randint(count // 2, (), generator=generator))]]
        rows.append(child ^ (torch.rand(genes, generator=generator) < mutation_rate))
    return torch.stack(rows)
