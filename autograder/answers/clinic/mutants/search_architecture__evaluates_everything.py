"""Evaluates all combinations, whatever the number of trials allows."""

import itertools


def search_architecture(space, evaluate, *, trials, generator):
    grid = [dict(zip(space, chosen, strict=True)) for chosen in itertools.product(*space.values())]
    scores = [evaluate(candidate) for candidate in grid]
    best = max(range(len(scores)), key=scores.__getitem__)
    return grid[best], scores[best]
