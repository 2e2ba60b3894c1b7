"""Rounds the values to whole numbers."""


def dequantize(codes, scale, zero_point):
    return ((codes.float() - zero_point) * scale).round()
