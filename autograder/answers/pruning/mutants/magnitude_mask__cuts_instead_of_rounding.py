"""Cuts sparsity * n off to a whole number instead of rounding it."""

import torch


def magnitude_mask(weight, sparsity):
    if not 0 <= sparsity <= 1:
        raise ValueError(f"sparsity must lie in [0, 1], got {sparsity}")
    mask = torch.ones(weight.numel(), dtype=torch.bool)
    mask[weight.abs().flatten().argsort()[: int(sparsity * weight.numel())]] = False
    return mask.view(weight.shape)
