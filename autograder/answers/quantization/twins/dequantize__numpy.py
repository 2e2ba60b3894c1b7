"""numpy in single precision."""

import numpy as np
import torch


def dequantize(codes, scale, zero_point):
    factor = np.asarray(scale, dtype=np.float32)
    return torch.from_numpy(np.multiply(factor, codes.numpy().astype(np.float32) - np.float32(zero_point)))
