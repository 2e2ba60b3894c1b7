"""numpy's max over a tuple of axes."""

import numpy as np
import torch


def symmetric_scale(weight, *, bits=8, axis=None):
    magnitudes = np.abs(weight.numpy())
    others = tuple(at for at in range(weight.dim()) if axis is None or at != axis % weight.dim())
    largest = np.asarray(magnitudes.max(axis=others) if others else magnitudes, dtype=np.float32)
    scales = np.where(largest > 0, largest / np.float32(2 ** (bits - 1) - 1), np.float32(1))
    return torch.tensor(scales, dtype=torch.float32)
