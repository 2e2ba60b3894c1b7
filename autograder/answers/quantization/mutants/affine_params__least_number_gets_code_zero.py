"""Takes the low end itself for the zero point."""


def affine_params(low, high, *, bits=8):
    low, high = min(low, 0.0), max(high, 0.0)
    if low == high:
        return 1.0, 0
    return (high - low) / (2**bits - 1), round(low)
