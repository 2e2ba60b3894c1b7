"""Draws from torch's global generator, so a search cannot be repeated."""

import itertools

import torch


def search_architecture(space, evaluate, *, trials, generator):
    grid = [dict(zip(space, chosen, strict=True)) for chosen in itertools.product(*space.values())]
    order = torch.randperm(len(grid))[:trials].tolist()
    scores = {number: evaluate(grid[number]) for number in order}
    best = max(scores, key=scores.__getitem__)
    return grid[best], scores[best]
