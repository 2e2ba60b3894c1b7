"""Returns the mantissa as a float."""

import math


def fixed_point(multiplier):
    if not multiplier > 0:
        raise ValueError(f"multiplier must be positive, got {multiplier}")
    fraction, exponent = math.frexp(multiplier)
    return fraction * 2.0**31, 31 - exponent
