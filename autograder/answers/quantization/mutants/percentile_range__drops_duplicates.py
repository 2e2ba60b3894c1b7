"""Counts equal values only once."""

import torch


def percentile_range(x, *, coverage=0.999):
    values = x.unique()
    return (
        torch.quantile(values, (1 - coverage) / 2).item(),
        torch.quantile(values, (1 + coverage) / 2).item(),
    )
