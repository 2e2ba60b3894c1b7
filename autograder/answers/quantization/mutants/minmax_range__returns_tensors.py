"""Tensors where floats are asked for."""


def minmax_range(x):
    return x.min(), x.max()
