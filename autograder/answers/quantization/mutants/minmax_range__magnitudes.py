"""Returns the least and the largest magnitude."""


def minmax_range(x):
    return x.abs().min().item(), x.abs().max().item()
