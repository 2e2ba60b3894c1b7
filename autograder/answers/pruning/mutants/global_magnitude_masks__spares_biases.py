"""Keeps tensors of one dimension whole and prunes the others alone."""

import torch


def global_magnitude_masks(weights, sparsity):
    if not 0 <= sparsity <= 1:
        raise ValueError(f"sparsity must lie in [0, 1], got {sparsity}")
    masks = {name: torch.ones(weight.shape, dtype=torch.bool) for name, weight in weights.items()}
    matrices = {name: weight for name, weight in weights.items() if weight.dim() > 1}
    if not matrices:
        return masks
    flat = torch.cat([weight.abs().flatten() for weight in matrices.values()])
    mask = torch.ones(flat.numel(), dtype=torch.bool)
    mask[flat.argsort()[: round(sparsity * flat.numel())]] = False
    parts = mask.split([weight.numel() for weight in matrices.values()])
    return masks | {name: part.view(matrices[name].shape) for name, part in zip(matrices, parts, strict=True)}
