"""Divided by 1 / scale."""

import torch


def dequantize(codes, scale, zero_point):
    return torch.div(codes.to(torch.int64) - zero_point, 1.0 / scale)
