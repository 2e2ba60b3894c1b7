"""Doubles and halves until the mantissa fits."""


def fixed_point(multiplier):
    if not multiplier > 0:
        raise ValueError(f"multiplier must be positive, got {multiplier}")
    shift = 0
    while multiplier < 2**30:
        multiplier, shift = multiplier * 2, shift + 1
    while multiplier >= 2**31:
        multiplier, shift = multiplier / 2, shift - 1
    return int(multiplier), shift
