"""Codes outside the graph, and the gradient by a mask."""

import torch


def fake_quantize(x, scale, *, bits=8):
    if not scale > 0:
        raise ValueError(f"scale must be above 0, got {scale}")
    limit = 2 ** (bits - 1) - 1
    with torch.no_grad():
        target = scale * torch.clamp(torch.round(x / scale), -limit, limit)
        inside = (x.abs() <= limit * scale).float()
    return target + inside * (x - x.detach())
