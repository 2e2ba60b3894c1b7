"""The zero point counted from the largest code, half rounded up."""

import math


def affine_params(low, high, *, bits=8):
    codes = 2**bits
    low, high = (0.0 if low > 0 else low), (0.0 if high < 0 else high)
    if high - low == 0:
        return (1.0, 0)
    scale = (high - low) / (codes - 1)
    zero_point = math.floor(codes - 1 - high / scale + 0.5)
    return scale, max(0, min(codes - 1, zero_point))
