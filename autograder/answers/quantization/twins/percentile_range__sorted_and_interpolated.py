"""Ranks and neighbours by hand."""

import math


def percentile_range(x, *, coverage=0.999):
    values = sorted(x.reshape(-1).tolist())

    def at(rank):
        below = math.floor(rank)
        above = min(below + 1, len(values) - 1)
        return (1 - (rank - below)) * values[below] + (rank - below) * values[above]

    tail = (1 - coverage) / 2 * (len(values) - 1)
    return at(tail), at(len(values) - 1 - tail)
