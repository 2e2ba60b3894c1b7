"""Divides by the scale instead of multiplying."""


def dequantize(codes, scale, zero_point):
    return (codes.float() - zero_point) / scale
