"""Returns tensors instead of floats."""


def minmax_range(x):
    return x.min(), x.max()
