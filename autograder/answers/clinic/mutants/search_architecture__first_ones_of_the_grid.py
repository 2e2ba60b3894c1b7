"""Evaluates the first combinations in their order, so the later ones never get a trial."""

import itertools


def search_architecture(space, evaluate, *, trials, generator):
    grid = [dict(zip(space, chosen, strict=True)) for chosen in itertools.product(*space.values())]
    scores = [evaluate(candidate) for candidate in grid[:trials]]
    best = max(range(len(scores)), key=scores.__getitem__)
    return grid[best], scores[best]
