"""Cuts all values below 0 off."""


def dequantize(codes, scale, zero_point):
    return (codes - zero_point).clamp(min=0).float() * scale
