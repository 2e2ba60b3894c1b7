"""amax over an empty list of dimensions runs over all of them."""

import torch


def symmetric_scale(weight, *, bits=8, axis=None):
    others = [] if axis is None else [dim for dim in range(weight.dim()) if dim != axis % weight.dim()]
    largest = weight.abs().amax(dim=others)
    return torch.where(largest == 0, 1.0, largest / (2 ** (bits - 1) - 1))
