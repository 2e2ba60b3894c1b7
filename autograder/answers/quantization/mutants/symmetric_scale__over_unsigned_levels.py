"""Divides by 2^bits - 1, the largest unsigned code."""

import torch


def symmetric_scale(weight, *, bits=8, axis=None):
    groups = (
        weight.reshape(1, -1) if axis is None else weight.movedim(axis, 0).reshape(weight.shape[axis], -1)
    )
    largest = groups.abs().amax(dim=1)
    scales = torch.where(largest == 0, 1.0, largest / (2**bits - 1))
    return scales[0] if axis is None else scales
