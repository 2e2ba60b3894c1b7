"""Numbers the masks instead of giving them the names of the weights."""

import torch


def global_magnitude_masks(weights, sparsity):
    if not 0 <= sparsity <= 1:
        raise ValueError(f"sparsity must lie in [0, 1], got {sparsity}")
    flat = torch.cat([weight.abs().flatten() for weight in weights.values()])
    mask = torch.ones(flat.numel(), dtype=torch.bool)
    mask[flat.argsort()[: round(sparsity * flat.numel())]] = False
    parts = mask.split([weight.numel() for weight in weights.values()])
    shapes = [weight.shape for weight in weights.values()]
    return {at: part.view(shape) for at, (part, shape) in enumerate(zip(parts, shapes, strict=True))}
