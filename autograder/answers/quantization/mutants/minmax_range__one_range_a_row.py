"""min(dim=-1)."""


def minmax_range(x):
    return x.amin(dim=-1), x.amax(dim=-1)
