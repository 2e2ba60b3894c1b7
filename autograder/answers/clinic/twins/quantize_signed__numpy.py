"""numpy in double precision, clipped to be sure."""

import numpy as np
import torch


def quantize_signed(weight, *, bits=8):
    values, limit = weight.numpy().astype(np.float64), (1 << (bits - 1)) - 1
    largest = float(np.abs(values).max())
    scale = largest / limit if largest else 1.0
    codes = np.clip(np.rint(values / scale), -limit, limit).astype(np.int8)
    return torch.from_numpy(codes.reshape(tuple(weight.shape))), scale
