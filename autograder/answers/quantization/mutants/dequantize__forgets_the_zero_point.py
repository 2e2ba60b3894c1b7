"""Every value is too large by scale * zero_point."""


def dequantize(codes, scale, zero_point):
    return codes.float() * scale
