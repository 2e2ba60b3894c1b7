"""Cuts the codes off instead of rounding them."""

import torch


def symmetric_scales(weight, bits, axis):
    largest = weight.abs().movedim(axis, 0).reshape(weight.shape[axis], -1).amax(dim=1)
    return torch.where(largest == 0, 1.0, largest / (2 ** (bits - 1) - 1))


def quantize_per_channel(weight, *, bits=8, axis=0):
    top = 2 ** (bits - 1) - 1
    scales = symmetric_scales(weight, bits, axis)
    along = [1] * weight.dim()
    along[axis] = -1
    return (weight / scales.view(along)).clamp(-top, top).to(torch.int8), scales
