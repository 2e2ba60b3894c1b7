"""Flips exactly one gene of every child, whatever the mutation rate."""

import torch


def next_generation(population, scores, *, mutation_rate, generator):
    count, genes = population.shape
    ranking = scores.argsort(descending=True)
    rows = [population[ranking[0]]]
    while len(rows) < count:
        one, other = ranking[torch.randperm(count // 2, generator=generator)[:2]]
        cut = int(torch.randint(1, genes, (), generator=generator))
        child = torch.cat([population[one, :cut], population[other, cut:]])
        spot = int(torch.randint(genes, (), generator=generator))
        child[spot] = ~child[spot]
        rows.append(child)
    return torch.stack(rows)
