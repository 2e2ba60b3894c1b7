"""Returns the candidate that was evaluated last, not the best one."""

import itertools

import torch


def search_architecture(space, evaluate, *, trials, generator):
    grid = [dict(zip(space, chosen, strict=True)) for chosen in itertools.product(*space.values())]
    for number in torch.randperm(len(grid), generator=generator)[:trials].tolist():
        score = evaluate(grid[number])
    return grid[number], score
