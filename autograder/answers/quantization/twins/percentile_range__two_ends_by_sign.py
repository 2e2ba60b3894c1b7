"""The upper end is minus the lower end of -x."""

import torch


def percentile_range(x, *, coverage=0.999):
    tail = 0.5 - coverage / 2
    flat = x.flatten().double()
    return flat.quantile(tail).item(), -torch.quantile(-flat, tail).item()
