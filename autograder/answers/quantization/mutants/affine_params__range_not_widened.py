"""Leaves a range without 0 as it is and only clamps the zero point."""


def affine_params(low, high, *, bits=8):
    if low == high == 0:
        return 1.0, 0
    scale = (high - low) / (2**bits - 1) or 1.0
    return scale, min(max(round(-low / scale), 0), 2**bits - 1)
