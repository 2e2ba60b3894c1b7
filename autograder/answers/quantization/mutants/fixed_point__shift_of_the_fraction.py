"""Returns the shift of the fraction instead of the integer mantissa."""

import math


def fixed_point(multiplier):
    if not multiplier > 0:
        raise ValueError(f"multiplier must be positive, got {multiplier}")
    fraction, exponent = math.frexp(multiplier)
    return min(round(fraction * 2**31), 2**31 - 1), -exponent
