"""Handles no multiplier of 1 and above."""


def fixed_point(multiplier):
    if not multiplier > 0:
        raise ValueError(f"multiplier must be positive, got {multiplier}")
    shift = 31
    while multiplier < 0.5:
        multiplier, shift = multiplier * 2, shift + 1
    return min(round(multiplier * 2**31), 2**31 - 1), shift
