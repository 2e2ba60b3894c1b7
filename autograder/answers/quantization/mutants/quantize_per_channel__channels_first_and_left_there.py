"""Leaves the codes in the order of the transposed weight."""

import torch


def symmetric_scales(weight, bits, axis):
    largest = weight.abs().movedim(axis, 0).reshape(weight.shape[axis], -1).amax(dim=1)
    return torch.where(largest == 0, 1.0, largest / (2 ** (bits - 1) - 1))


def quantize_per_channel(weight, *, bits=8, axis=0):
    top = 2 ** (bits - 1) - 1
    moved = weight.movedim(axis, 0)
    scales = symmetric_scales(moved, bits, 0)
    ratio = moved / scales.view(-1, *[1] * (weight.dim() - 1))
    return torch.round(ratio).clamp(-top, top).to(torch.int8).reshape(weight.shape), scales
