"""Cuts the upper tail alone."""

import torch


def percentile_range(x, *, coverage=0.999):
    return x.min().item(), torch.quantile(x.flatten(), coverage).item()
