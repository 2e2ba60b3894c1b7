"""Accepts a multiplier of zero or below without ValueError."""

import math


def fixed_point(multiplier):
    fraction, exponent = math.frexp(multiplier)
    mantissa = round(fraction * 2**31)
    return (mantissa // 2, 32 - exponent - 2) if mantissa == 2**31 else (mantissa, 31 - exponent)
