"""Has another default than a coverage of 0.999."""

import torch


def percentile_range(x, *, coverage=0.99):
    return torch.quantile(x, (1 - coverage) / 2).item(), torch.quantile(x, (1 + coverage) / 2).item()
