"""Leaves the zero point out of the codes."""

import torch


def quantize_per_token(x, *, bits=8):
    top = 2**bits - 1
    low, high = (x.amin(dim=1).clamp(max=0), x.amax(dim=1).clamp(min=0))
    scales = torch.where(high > low, (high - low) / top, 1.0)
    zero_points = (-low / scales).round()
    codes = (x / scales[:, None]).round()
    return (codes.clamp(max=top).to(torch.uint8), scales, zero_points.to(torch.int32))
