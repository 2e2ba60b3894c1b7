"""Evaluates the best candidate once more at the end and spends a trial too many."""

import itertools

import torch


def search_architecture(space, evaluate, *, trials, generator):
    grid = [dict(zip(space, chosen, strict=True)) for chosen in itertools.product(*space.values())]
    order = torch.randperm(len(grid), generator=generator)[:trials].tolist()
    best = max((grid[number] for number in order), key=evaluate)
    return best, evaluate(best)
