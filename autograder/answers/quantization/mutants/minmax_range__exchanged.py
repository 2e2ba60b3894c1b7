"""The largest first."""


def minmax_range(x):
    return x.max().item(), x.min().item()
