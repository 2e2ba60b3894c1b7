"""The shift is that of a fraction in [0.5, 1), not of the integer."""

import math


def fixed_point(multiplier):
    if not multiplier > 0:
        raise ValueError(f"multiplier must be positive, got {multiplier}")
    fraction, exponent = math.frexp(multiplier)
    return min(round(fraction * 2**31), 2**31 - 1), -exponent
