"""Scales codes and zero point apart, so 0.0 is not exact."""

import torch


def dequantize(codes, scale, zero_point):
    offset = torch.as_tensor(scale, dtype=torch.float64) * zero_point
    return (codes.float() * scale - offset).float()
