"""Returns scales with extra dimensions instead of one dimension."""

import torch


def symmetric_scale(weight, *, bits=8, axis=None):
    if axis is None:
        largest = weight.abs().amax()
    else:
        others = [dim for dim in range(weight.dim()) if dim != axis % weight.dim()]
        largest = weight.abs().amax(dim=others, keepdim=True) if others else weight.abs()
    return torch.where(largest == 0, 1.0, largest / (2 ** (bits - 1) - 1))
