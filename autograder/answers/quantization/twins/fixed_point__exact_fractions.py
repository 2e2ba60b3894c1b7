"""Exact arithmetic on fractions."""

from fractions import Fraction


def fixed_point(multiplier):
    if multiplier <= 0:
        raise ValueError(f"multiplier must be > 0 but is {multiplier}")
    exact, shift = Fraction(multiplier), 31
    while exact * 2**shift < 2**30 if shift >= 0 else exact / 2**-shift < 2**30:
        shift += 1
    while (exact * 2**shift if shift >= 0 else exact / 2**-shift) >= 2**31 - Fraction(1, 2):
        shift -= 1
    return round(exact * Fraction(2) ** shift), shift
