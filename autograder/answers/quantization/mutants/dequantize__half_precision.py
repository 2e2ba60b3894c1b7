"""Computes in float16, which keeps three digits."""

import torch


def dequantize(codes, scale, zero_point):
    return ((codes.half() - zero_point) * torch.as_tensor(scale).half()).float()
