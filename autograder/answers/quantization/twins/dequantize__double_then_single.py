"""In double precision, cast at the end."""

import torch


def dequantize(codes, scale, zero_point):
    return (scale * codes.to(torch.float64).sub(float(zero_point))).to(torch.float32)
