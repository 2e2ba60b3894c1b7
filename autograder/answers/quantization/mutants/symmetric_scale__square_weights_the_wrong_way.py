"""Exchanges rows and columns of a square weight."""

import torch


def symmetric_scale(weight, *, bits=8, axis=None):
    if axis is None:
        largest = weight.abs().amax()
    elif weight.dim() == 2 and weight.shape[0] == weight.shape[1]:
        largest = weight.abs().amax(dim=axis)
    else:
        largest = weight.abs().movedim(axis, 0).reshape(weight.shape[axis], -1).amax(dim=1)
    return torch.where(largest == 0, 1.0, largest / (2 ** (bits - 1) - 1))
