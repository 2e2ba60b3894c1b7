"""The integers are written back into the float model as they are."""


def dequantize(codes, scale, zero_point):
    return codes.float()
