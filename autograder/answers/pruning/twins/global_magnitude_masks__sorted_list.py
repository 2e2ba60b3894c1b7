"""One Python list of (magnitude, name, position), sorted."""

import torch


def global_magnitude_masks(weights, sparsity):
    if not 0 <= sparsity <= 1:
        raise ValueError(f"sparsity must lie in [0, 1], got {sparsity}")
    entries = [
        (abs(value), name, position)
        for name, weight in weights.items()
        for position, value in enumerate(weight.flatten().tolist())
    ]
    masks = {name: [True] * weight.numel() for name, weight in weights.items()}
    for _, name, position in sorted(entries)[: round(sparsity * len(entries))]:
        masks[name][position] = False
    return {name: torch.tensor(mask).reshape(weights[name].shape) for name, mask in masks.items()}
