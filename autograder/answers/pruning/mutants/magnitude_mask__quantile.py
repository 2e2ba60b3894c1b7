"""Cuts at an interpolated quantile, so the number of pruned weights is off."""

import torch


def magnitude_mask(weight, sparsity):
    if not 0 <= sparsity <= 1:
        raise ValueError(f"sparsity must lie in [0, 1], got {sparsity}")
    if weight.numel() == 0:
        return torch.ones_like(weight, dtype=torch.bool)
    return weight.abs() > torch.quantile(weight.abs(), sparsity)
