"""All cuts and flips as matrices; parents from random keys."""

import torch


def next_generation(population, scores, *, mutation_rate, generator):
    n, g = population.shape
    better = population[torch.topk(scores, n // 2).indices]
    pairs = torch.rand(n - 1, n // 2, generator=generator).argsort(dim=1)[:, :2]
    cuts = torch.randint(1, g, (n - 1, 1), generator=generator)
    children = torch.where(torch.arange(g) < cuts, better[pairs[:, 0]], better[pairs[:, 1]])
    flips = torch.bernoulli(torch.full((n - 1, g), float(mutation_rate)), generator=generator).bool()
    best = population[scores.argmax()].unsqueeze(0)
    return torch.cat([best, children.logical_xor(flips)])
