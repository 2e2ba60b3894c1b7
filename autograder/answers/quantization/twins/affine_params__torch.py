"""Single precision in torch, then .item()."""

import torch


def affine_params(low, high, *, bits=8):
    ends = torch.tensor([low, 0.0, high])
    width = ends.max() - ends.min()
    if width == 0:
        return 1.0, 0
    scale = width / (2**bits - 1)
    zero_point = (-ends.min() / scale).round().clamp(0, 2**bits - 1)
    return scale.item(), int(zero_point.item())
