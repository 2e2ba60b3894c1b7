"""The min-max range itself."""


def mse_range(x, *, bits=8, steps=100):
    return x.min().item(), x.max().item()
