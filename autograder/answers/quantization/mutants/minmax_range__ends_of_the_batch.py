"""The first and the last value."""


def minmax_range(x):
    return x.flatten()[0].item(), x.flatten()[-1].item()
