"""Numpy's integer matrix product."""

import numpy as np
import torch


def integer_linear(x, x_zero, weight, bias, mantissa, shift, out_zero, *, low=0, high=255):
    left, right = x.numpy().astype(np.int32) - np.int32(x_zero), weight.numpy().astype(np.int32)
    product = (left @ right.T + bias.numpy()).astype(np.int64) * mantissa
    rounded = np.sign(product) * ((np.abs(product) + (1 << (shift - 1))) >> shift)
    return torch.from_numpy(np.clip(rounded + out_zero, low, high).astype(np.int32))
