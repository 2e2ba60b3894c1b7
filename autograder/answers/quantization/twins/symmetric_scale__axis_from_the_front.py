"""Counts the axis from the front; the contract knows no other way."""

import torch


def symmetric_scale(weight, *, bits=8, axis=None):
    largest = weight.abs()
    for dim in reversed(range(weight.dim())):
        if dim != axis:
            largest = largest.amax(dim=dim)
    return torch.where(largest == 0, 1.0, largest / (2 ** (bits - 1) - 1))
