"""A range that does not contain 0 is taken as it is; the zero point is clamped, so 0.0 is not exact."""


def affine_params(low, high, *, bits=8):
    if low == high == 0:
        return 1.0, 0
    scale = (high - low) / (2**bits - 1) or 1.0
    return scale, min(max(round(-low / scale), 0), 2**bits - 1)
