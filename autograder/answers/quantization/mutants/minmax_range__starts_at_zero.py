"""Begins the range at 0, whatever the least value is."""


def minmax_range(x):
    return 0.0, x.max().item()
