"""The scale is right, but 0.0 always gets the middle code."""


def affine_params(low, high, *, bits=8):
    low, high = min(low, 0.0), max(high, 0.0)
    if low == high:
        return 1.0, 0
    return (high - low) / (2**bits - 1), 2 ** (bits - 1)
