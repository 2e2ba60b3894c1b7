"""Returns the codes as floats, without zero point and scale."""


def dequantize(codes, scale, zero_point):
    return codes.float()
