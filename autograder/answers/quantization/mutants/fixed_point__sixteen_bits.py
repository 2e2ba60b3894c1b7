"""Keeps only 16 bits of the mantissa."""

import math


def fixed_point(multiplier):
    if not multiplier > 0:
        raise ValueError(f"multiplier must be positive, got {multiplier}")
    fraction, exponent = math.frexp(multiplier)
    return max(min(round(fraction * 2**15), 2**15 - 1), 2**14) << 16, 31 - exponent
