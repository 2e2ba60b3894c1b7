"""Takes a symmetric range from the quantile of the magnitudes."""

import torch


def percentile_range(x, *, coverage=0.999):
    largest = torch.quantile(x.abs(), coverage).item()
    return -largest, largest
