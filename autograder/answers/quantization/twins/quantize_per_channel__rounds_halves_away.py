"""The reciprocal, and halves away from zero: the contract of this function leaves them open."""

import torch


def quantize_per_channel(weight, *, bits=8, axis=0):
    top = (1 << (bits - 1)) - 1
    axis = axis + weight.dim() if axis < 0 else axis
    rows = weight.transpose(0, axis).reshape(weight.shape[axis], -1)
    largest = rows.abs().max(dim=1).values
    scales = torch.where(largest > 0, largest / top, torch.ones_like(largest))
    ratio = (weight.transpose(axis, -1) * (1 / scales)).transpose(axis, -1)
    return (ratio.sign() * torch.floor(ratio.abs() + 0.5)).to(torch.int8), scales
