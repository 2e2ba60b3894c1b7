"""As if it stood behind a ReLU."""


def minmax_range(x):
    return 0.0, x.max().item()
