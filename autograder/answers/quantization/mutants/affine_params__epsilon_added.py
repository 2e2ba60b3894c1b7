"""Adds a small constant to the scale."""


def affine_params(low, high, *, bits=8):
    low, high = min(low, 0.0), max(high, 0.0)
    scale = (high - low) / (2**bits - 1) + 1e-8
    return (scale if high > low else 1.0), round(-low / scale)
