"""Widens the range to contain 0."""

import torch


def percentile_range(x, *, coverage=0.999):
    low, high = torch.quantile(x, (1 - coverage) / 2).item(), torch.quantile(x, (1 + coverage) / 2).item()
    return min(low, 0.0), max(high, 0.0)
