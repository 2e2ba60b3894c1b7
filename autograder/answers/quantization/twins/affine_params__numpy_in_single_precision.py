"""float32 throughout, numpy numbers returned in a list."""

import numpy as np


def affine_params(low, high, *, bits=8):
    low, high = np.float32(min(low, 0)), np.float32(max(high, 0))
    if low == high:
        return [np.float32(1), np.int64(0)]
    levels = np.float32(2**bits - 1)
    scale = (high - low) / levels
    return [scale, np.int64(np.clip(np.rint(-low / scale), 0, levels))]
