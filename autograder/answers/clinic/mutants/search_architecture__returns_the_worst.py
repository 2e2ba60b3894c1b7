"""Returns the candidate of the lowest score."""

import itertools

import torch


def search_architecture(space, evaluate, *, trials, generator):
    grid = [dict(zip(space, chosen, strict=True)) for chosen in itertools.product(*space.values())]
    order = torch.randperm(len(grid), generator=generator)[:trials].tolist()
    scores = {number: evaluate(grid[number]) for number in order}
    best = min(scores, key=scores.__getitem__)
    return grid[best], scores[best]
