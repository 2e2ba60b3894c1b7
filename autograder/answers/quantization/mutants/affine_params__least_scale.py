"""Keeps the scale above a least value, so small ranges lose their codes."""


def affine_params(low, high, *, bits=8):
    low, high = min(low, 0.0), max(high, 0.0)
    if low == high:
        return 1.0, 0
    scale = max((high - low) / (2**bits - 1), 1.1920929e-07)
    return scale, min(max(round(-low / scale), 0), 2**bits - 1)
