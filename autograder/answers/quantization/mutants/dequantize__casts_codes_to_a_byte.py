"""Casts the codes to int8, so codes above 127 come back negative."""

import torch


def dequantize(codes, scale, zero_point):
    return (codes.to(torch.int8).float() - zero_point) * scale
