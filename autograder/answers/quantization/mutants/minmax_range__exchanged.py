"""Exchanges the two ends of the range."""


def minmax_range(x):
    return x.max().item(), x.min().item()
