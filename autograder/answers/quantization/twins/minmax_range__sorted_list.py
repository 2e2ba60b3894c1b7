"""A Python list."""


def minmax_range(x):
    values = sorted(x.flatten().tolist())
    return values[0], values[-1]
