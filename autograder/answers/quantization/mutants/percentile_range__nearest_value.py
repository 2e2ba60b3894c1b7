"""Takes the nearest value instead of interpolating."""

import torch


def percentile_range(x, *, coverage=0.999):
    ends = torch.tensor([(1 - coverage) / 2, (1 + coverage) / 2])
    low, high = torch.quantile(x, ends, interpolation="nearest").tolist()
    return low, high
