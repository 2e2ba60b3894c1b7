"""topk of those that stay, views of one mask."""

import torch


def global_magnitude_masks(weights, sparsity):
    if not 0 <= sparsity <= 1:
        raise ValueError(f"sparsity must lie in [0, 1], got {sparsity}")
    flat = torch.cat([weight.abs().reshape(-1) for weight in weights.values()])
    keep = torch.zeros_like(flat, dtype=torch.bool)
    keep[flat.topk(flat.numel() - round(sparsity * flat.numel())).indices] = True
    sizes = [weight.numel() for weight in weights.values()]
    return {
        name: part.view_as(weight)
        for (name, weight), part in zip(weights.items(), keep.split(sizes), strict=True)
    }
