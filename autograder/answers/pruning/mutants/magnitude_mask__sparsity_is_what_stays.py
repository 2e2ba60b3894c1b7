"""Takes sparsity for the fraction that is kept."""

import torch


def magnitude_mask(weight, sparsity):
    if not 0 <= sparsity <= 1:
        raise ValueError(f"sparsity must lie in [0, 1], got {sparsity}")
    mask = torch.zeros(weight.numel(), dtype=torch.bool)
    mask[weight.abs().flatten().argsort(descending=True)[: round(sparsity * weight.numel())]] = True
    return mask.view(weight.shape)
