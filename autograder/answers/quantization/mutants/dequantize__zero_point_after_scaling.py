"""The zero point counts codes, not values."""


def dequantize(codes, scale, zero_point):
    return codes.float() * scale - zero_point
