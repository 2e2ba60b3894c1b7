"""Fails on a transposed weight, because view() needs rows that follow each other in memory."""

import torch


def magnitude_mask(weight, sparsity):
    if not 0 <= sparsity <= 1:
        raise ValueError(f"sparsity must lie in [0, 1], got {sparsity}")
    mask = torch.ones(weight.numel(), dtype=torch.bool)
    mask[weight.abs().view(-1).argsort()[: round(sparsity * weight.numel())]] = False
    return mask.view(weight.shape)
