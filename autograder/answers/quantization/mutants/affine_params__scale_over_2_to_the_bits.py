"""Divides the range by 2^bits instead of the 2^bits - 1 steps."""


def affine_params(low, high, *, bits=8):
    low, high = min(low, 0.0), max(high, 0.0)
    if low == high:
        return 1.0, 0
    scale = (high - low) / 2**bits
    return scale, min(max(round(-low / scale), 0), 2**bits - 1)
