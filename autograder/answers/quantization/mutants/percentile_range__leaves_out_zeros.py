"""Leaves out values that are zero."""

import torch


def percentile_range(x, *, coverage=0.999):
    values = x[x != 0] if bool((x != 0).any()) else x.flatten()
    return (
        torch.quantile(values, (1 - coverage) / 2).item(),
        torch.quantile(values, (1 + coverage) / 2).item(),
    )
