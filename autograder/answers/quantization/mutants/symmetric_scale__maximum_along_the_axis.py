"""Takes the maximum over the axis that should remain."""

import torch


def symmetric_scale(weight, *, bits=8, axis=None):
    largest = weight.abs().amax() if axis is None else weight.abs().amax(dim=axis)
    return torch.where(largest == 0, 1.0, largest / (2 ** (bits - 1) - 1))
