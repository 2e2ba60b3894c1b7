"""Lets the mantissa reach 2^31 for a multiplier just below a power of two."""

import math


def fixed_point(multiplier):
    if not multiplier > 0:
        raise ValueError(f"multiplier must be positive, got {multiplier}")
    fraction, exponent = math.frexp(multiplier)
    return round(fraction * 2**31), 31 - exponent
