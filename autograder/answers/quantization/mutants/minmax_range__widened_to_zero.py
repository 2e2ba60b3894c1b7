"""That is the work of affine_params."""


def minmax_range(x):
    return min(x.min().item(), 0.0), max(x.max().item(), 0.0)
