"""Fails when the scale is a plain float."""

import torch


def quantize(x, scale, zero_point, *, low, high):
    return (torch.round(x / scale.to(x.dtype)) + zero_point).clamp(low, high).to(torch.int32)
