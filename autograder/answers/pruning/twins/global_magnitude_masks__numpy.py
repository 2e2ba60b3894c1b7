"""numpy, with a running offset."""

import numpy as np
import torch


def global_magnitude_masks(weights, sparsity):
    if sparsity < 0 or sparsity > 1:
        raise ValueError(f"sparsity must lie in [0, 1], got {sparsity}")
    flat = np.concatenate([np.abs(weight.numpy()).ravel() for weight in weights.values()])
    keep = np.ones(flat.size, dtype=bool)
    keep[np.argsort(flat, kind="stable")[: round(sparsity * flat.size)]] = False
    masks, offset = {}, 0
    for name, weight in weights.items():
        masks[name] = torch.from_numpy(keep[offset : offset + weight.numel()].reshape(weight.shape))
        offset += weight.numel()
    return masks
