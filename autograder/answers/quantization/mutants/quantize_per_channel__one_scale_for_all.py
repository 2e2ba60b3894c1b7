"""Uses one scale for all channels."""

import torch


def quantize_per_channel(weight, *, bits=8, axis=0):
    top = 2 ** (bits - 1) - 1
    largest = weight.abs().max()
    scale = torch.where(largest == 0, 1.0, largest / top)
    codes = torch.round(weight / scale).clamp(-top, top).to(torch.int8)
    return codes, scale.repeat(weight.shape[axis])
