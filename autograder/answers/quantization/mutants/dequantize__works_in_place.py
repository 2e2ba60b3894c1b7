"""Changes the codes that were passed in."""


def dequantize(codes, scale, zero_point):
    return codes.sub_(zero_point).float() * scale
