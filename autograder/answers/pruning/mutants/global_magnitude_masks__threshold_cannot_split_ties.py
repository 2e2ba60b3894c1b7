"""Cuts at a threshold, so all weights of equal magnitude fall together."""

import torch


def global_magnitude_masks(weights, sparsity):
    if not 0 <= sparsity <= 1:
        raise ValueError(f"sparsity must lie in [0, 1], got {sparsity}")
    flat = torch.cat([weight.abs().flatten() for weight in weights.values()])
    count = round(sparsity * flat.numel())
    threshold = flat.kthvalue(count).values if count else -1.0
    return {name: weight.abs() > threshold for name, weight in weights.items()}
