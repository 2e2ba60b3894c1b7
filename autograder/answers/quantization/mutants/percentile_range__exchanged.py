"""Exchanges the two ends of the range."""

import torch


def percentile_range(x, *, coverage=0.999):
    return torch.quantile(x, (1 + coverage) / 2).item(), torch.quantile(x, (1 - coverage) / 2).item()
