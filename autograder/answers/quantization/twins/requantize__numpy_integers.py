"""Numpy's 64-bit integers."""

import numpy as np
import torch


def requantize(accumulator, mantissa, shift, zero_point, *, low, high):
    product = accumulator.numpy().astype(np.int64) * np.int64(mantissa)
    rounded = np.sign(product) * ((np.abs(product) + (np.int64(1) << np.int64(shift - 1))) >> np.int64(shift))
    return torch.from_numpy(np.clip(rounded + zero_point, low, high).astype(np.int32))
