"""Gives the scales to the rows, whatever shape they have."""

import torch


def quantize(x, scale, zero_point, *, low, high):
    if torch.is_tensor(scale) and scale.numel() == x.shape[0]:
        scale = scale.reshape(-1, *[1] * (x.dim() - 1))
    return (torch.round(x / scale) + zero_point).clamp(low, high).to(torch.int32)
