"""As quantize does."""


def dequantize(codes, scale, zero_point):
    return (codes.float() - zero_point) / scale
