"""Cuts a share of the width instead of a share of the values."""


def percentile_range(x, *, coverage=0.999):
    low, high = x.min().item(), x.max().item()
    cut = (1 - coverage) / 2 * (high - low)
    return low + cut, high - cut
