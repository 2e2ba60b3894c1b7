"""Widens the range to 0 from above, but not from below."""


def affine_params(low, high, *, bits=8):
    low = min(low, 0.0)
    if low == high:
        return 1.0, 0
    scale = (high - low) / (2**bits - 1)
    return scale, min(max(round(-low / scale), 0), 2**bits - 1)
