"""Adds the zero point before it rounds."""

import torch


def quantize_per_token(x, *, bits=8):
    zero = torch.zeros(len(x), 1)
    padded = torch.cat([x, zero], dim=1)
    low, high = padded.min(dim=1).values, padded.max(dim=1).values
    scales = (high - low) / (2**bits - 1)
    scales = scales + (scales == 0)
    zero_points = torch.round(-low / scales).int()
    codes = torch.round(x / scales.unsqueeze(1) + zero_points.unsqueeze(1))
    return codes.clamp(0, 2**bits - 1).type(torch.uint8), scales, zero_points
