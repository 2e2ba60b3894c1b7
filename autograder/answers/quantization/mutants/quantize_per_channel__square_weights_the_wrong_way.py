"""Exchanges rows and columns of a square weight."""

import torch


def quantize_per_channel(weight, *, bits=8, axis=0):
    top = 2 ** (bits - 1) - 1
    axis %= weight.dim()
    if weight.dim() == 2 and weight.shape[0] == weight.shape[1]:
        axis = 1 - axis
    largest = weight.abs().movedim(axis, 0).reshape(weight.shape[axis], -1).amax(dim=1)
    scales = torch.where(largest == 0, 1.0, largest / top)
    along = [1] * weight.dim()
    along[axis] = -1
    return torch.round(weight / scales.view(along)).clamp(-top, top).to(torch.int8), scales
