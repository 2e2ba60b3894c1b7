"""topk of those that stay."""

import torch


def magnitude_mask(weight, sparsity):
    if sparsity < 0 or sparsity > 1:
        raise ValueError(f"sparsity {sparsity} is not in [0, 1]")
    keep = weight.numel() - round(sparsity * weight.numel())
    positions = torch.topk(weight.abs().reshape(-1), keep).indices
    mask = torch.zeros(weight.numel(), dtype=torch.bool)
    mask[positions] = True
    return mask.reshape(weight.shape)
