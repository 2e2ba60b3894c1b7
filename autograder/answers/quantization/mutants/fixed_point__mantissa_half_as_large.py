"""Returns a mantissa half as large as asked for."""

import math


def fixed_point(multiplier):
    if not multiplier > 0:
        raise ValueError(f"multiplier must be positive, got {multiplier}")
    fraction, exponent = math.frexp(multiplier)
    return round(fraction * 2**30), 30 - exponent
