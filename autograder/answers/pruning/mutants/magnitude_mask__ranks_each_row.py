"""Ranks each row for itself and prunes equally many weights from every row."""

import torch


def magnitude_mask(weight, sparsity):
    if not 0 <= sparsity <= 1:
        raise ValueError(f"sparsity must lie in [0, 1], got {sparsity}")
    mask = torch.ones(weight.shape, dtype=torch.bool)
    order = weight.abs().argsort(dim=-1)[..., : round(sparsity * weight.shape[-1])]
    return mask.scatter(-1, order, False)
