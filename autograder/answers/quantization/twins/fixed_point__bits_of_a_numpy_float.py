"""Numpy's frexp."""

import numpy as np


def fixed_point(multiplier):
    if multiplier <= 0:
        raise ValueError(f"multiplier is {multiplier}, not positive")
    fraction, exponent = np.frexp(np.float64(multiplier))
    mantissa = int(np.floor(fraction * 2.0**31))
    return mantissa, int(31 - exponent)
