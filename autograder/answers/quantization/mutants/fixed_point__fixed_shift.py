"""Uses the same shift for every multiplier."""


def fixed_point(multiplier):
    if not multiplier > 0:
        raise ValueError(f"multiplier must be positive, got {multiplier}")
    return round(multiplier * 2**31), 31
