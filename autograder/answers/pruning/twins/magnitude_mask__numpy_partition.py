"""numpy's argpartition."""

import numpy as np
import torch


def magnitude_mask(weight, sparsity):
    if not 0.0 <= sparsity <= 1.0:
        raise ValueError(f"sparsity must be in [0, 1], but is {sparsity}")
    magnitudes = np.abs(weight.detach().cpu().numpy()).ravel()
    count = round(sparsity * magnitudes.size)
    mask = np.ones(magnitudes.size, dtype=bool)
    if count > 0:
        mask[np.argpartition(magnitudes, count - 1)[:count]] = False
    return torch.from_numpy(mask.reshape(weight.shape))
