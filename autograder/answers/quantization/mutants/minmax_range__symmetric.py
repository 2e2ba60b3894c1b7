"""Makes the range symmetric around 0."""


def minmax_range(x):
    largest = x.abs().max().item()
    return -largest, largest
