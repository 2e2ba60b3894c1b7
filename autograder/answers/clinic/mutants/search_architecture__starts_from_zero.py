"""Starts with a best score of 0, so that negative scores never win."""

import itertools

import torch


def search_architecture(space, evaluate, *, trials, generator):
    grid = [dict(zip(space, chosen, strict=True)) for chosen in itertools.product(*space.values())]
    best, highest = {}, 0.0
    for number in torch.randperm(len(grid), generator=generator)[:trials].tolist():
        score = evaluate(grid[number])
        if score > highest:
            best, highest = grid[number], score
    return best, highest
