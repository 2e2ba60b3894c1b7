"""Draws from torch's global generator, so that a run cannot be repeated."""

import torch


def next_generation(population, scores, *, mutation_rate, generator):
    count, genes = population.shape
    ranking = scores.argsort(descending=True)
    rows = [population[ranking[0]]]
    while len(rows) < count:
        one, other = ranking[torch.randperm(count // 2)[:2]]
        cut = int(torch.randint(1, genes, ()))
        child = torch.cat([population[one, :cut], population[other, cut:]])
        rows.append(child ^ (torch.rand(genes) < mutation_rate))
    return torch.stack(rows)
