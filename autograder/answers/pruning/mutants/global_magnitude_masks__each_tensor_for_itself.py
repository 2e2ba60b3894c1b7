"""Prunes the same fraction of every tensor instead of ranking all weights together."""

import torch


def global_magnitude_masks(weights, sparsity):
    if not 0 <= sparsity <= 1:
        raise ValueError(f"sparsity must lie in [0, 1], got {sparsity}")
    masks = {}
    for name, weight in weights.items():
        mask = torch.ones(weight.numel(), dtype=torch.bool)
        mask[weight.abs().flatten().argsort()[: round(sparsity * weight.numel())]] = False
        masks[name] = mask.view(weight.shape)
    return masks
