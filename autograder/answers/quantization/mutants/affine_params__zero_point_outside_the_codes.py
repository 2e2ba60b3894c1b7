"""Neither widens the range to contain 0 nor clamps the zero point."""


def affine_params(low, high, *, bits=8):
    if low == high:
        return 1.0, 0
    scale = (high - low) / (2**bits - 1)
    return scale, round(-low / scale)
