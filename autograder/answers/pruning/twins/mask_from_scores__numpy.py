"""numpy's stable argsort."""

import numpy as np
import torch


def mask_from_scores(scores, sparsity):
    if not 0 <= sparsity <= 1:
        raise ValueError(f"sparsity must lie in [0, 1], got {sparsity}")
    flat = scores.numpy().reshape(-1)
    mask = np.full(flat.shape, True)
    mask[np.argsort(flat, kind="stable")[: round(sparsity * len(flat))]] = False
    return torch.from_numpy(mask).reshape(scores.shape)
