"""Leaves out the zero point."""


def dequantize(codes, scale, zero_point):
    return codes.float() * scale
