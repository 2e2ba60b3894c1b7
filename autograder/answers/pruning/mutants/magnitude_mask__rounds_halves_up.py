"""Rounds a half up, where round() goes to the even number."""

import math

import torch


def magnitude_mask(weight, sparsity):
    if not 0 <= sparsity <= 1:
        raise ValueError(f"sparsity must lie in [0, 1], got {sparsity}")
    mask = torch.ones(weight.numel(), dtype=torch.bool)
    mask[weight.abs().flatten().argsort()[: math.floor(sparsity * weight.numel() + 0.5)]] = False
    return mask.view(weight.shape)
