"""Widens the range to contain 0."""


def minmax_range(x):
    return min(x.min().item(), 0.0), max(x.max().item(), 0.0)
