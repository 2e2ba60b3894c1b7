"""torch.quantile with both at once, ranks in single precision."""

import torch


def percentile_range(x, *, coverage=0.999):
    tail = (1 - coverage) / 2
    return tuple(torch.quantile(x, torch.tensor([tail, 1 - tail])).tolist())
