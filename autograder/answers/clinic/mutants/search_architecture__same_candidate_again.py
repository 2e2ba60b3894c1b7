"""Draws with replacement, so that some candidates are evaluated twice and others never."""

import itertools

import torch


def search_architecture(space, evaluate, *, trials, generator):
    grid = [dict(zip(space, chosen, strict=True)) for chosen in itertools.product(*space.values())]
    count = min(trials, len(grid))
    order = torch.randint(len(grid), (count,), generator=generator).tolist()
    scores = [evaluate(grid[number]) for number in order]
    best = max(range(count), key=scores.__getitem__)
    return grid[order[best]], scores[best]
