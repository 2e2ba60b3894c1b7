"""Counts the axis from the front; the contract knows no other way."""

import torch


def quantize_per_channel(weight, *, bits=8, axis=0):
    top = 2 ** (bits - 1) - 1
    largest = weight.abs()
    for dim in range(weight.dim()):
        if dim != axis:
            largest = largest.amax(dim=dim, keepdim=True)
    scales = torch.where(largest == 0, 1.0, largest / top)
    return torch.round(weight / scales).clamp(-top, top).to(torch.int8), scales.flatten()
