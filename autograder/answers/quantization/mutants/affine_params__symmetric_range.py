"""Makes the range symmetric first, so codes may stay unused."""


def affine_params(low, high, *, bits=8):
    largest = max(abs(low), abs(high))
    if largest == 0:
        return 1.0, 0
    scale = 2 * largest / (2**bits - 1)
    return scale, 2 ** (bits - 1)
