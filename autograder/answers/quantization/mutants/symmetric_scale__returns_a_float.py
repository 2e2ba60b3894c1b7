"""Returns a float instead of a tensor without dimensions."""

import torch


def symmetric_scale(weight, *, bits=8, axis=None):
    if axis is None:
        return (weight.abs().amax().item() or 2 ** (bits - 1) - 1) / (2 ** (bits - 1) - 1)
    largest = weight.abs().movedim(axis, 0).reshape(weight.shape[axis], -1).amax(dim=1)
    return torch.where(largest == 0, 1.0, largest / (2 ** (bits - 1) - 1))
