"""Looks at the first sample alone."""


def minmax_range(x):
    first = x[0] if x.dim() > 1 else x
    return first.min().item(), first.max().item()
