"""The difference in integers, then times the scale."""


def dequantize(codes, scale, zero_point):
    return (codes - zero_point) * scale
