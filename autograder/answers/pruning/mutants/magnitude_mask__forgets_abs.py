"""Ranks weights by their signed value, so the most negative go first."""

import torch


def magnitude_mask(weight, sparsity):
    if not 0 <= sparsity <= 1:
        raise ValueError(f"sparsity must lie in [0, 1], got {sparsity}")
    mask = torch.ones(weight.numel(), dtype=torch.bool)
    mask[weight.flatten().argsort()[: round(sparsity * weight.numel())]] = False
    return mask.view(weight.shape)
