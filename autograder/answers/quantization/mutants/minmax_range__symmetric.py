"""From -max |x| to max |x|."""


def minmax_range(x):
    largest = x.abs().max().item()
    return -largest, largest
