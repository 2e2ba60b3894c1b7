"""numpy, one group after the other."""

import numpy as np
import torch


def n_of_m_mask(weight, *, keep=2, group=4):
    if not 0 <= keep <= group:
        raise ValueError(f"keep must lie in 0 .. {group}, got {keep}")
    if weight.shape[-1] % group:
        raise ValueError(f"group = {group} does not divide {weight.shape[-1]}")
    sizes = np.abs(weight.numpy()).reshape(-1, group)
    mask = np.zeros(sizes.shape, dtype=bool)
    for row, size in zip(mask, sizes, strict=True):
        row[np.argsort(-size, kind="stable")[:keep]] = True
    return torch.from_numpy(mask.reshape(weight.shape))
