"""Keeps the first weights of the tensor, whatever their magnitude."""

import torch


def magnitude_mask(weight, sparsity):
    if not 0 <= sparsity <= 1:
        raise ValueError(f"sparsity must lie in [0, 1], got {sparsity}")
    mask = torch.zeros(weight.numel(), dtype=torch.bool)
    mask[: weight.numel() - round(sparsity * weight.numel())] = True
    return mask.view(weight.shape)
