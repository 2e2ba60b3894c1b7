"""Divides the steps as whole numbers, so nothing happens until the end."""

import math


def temperature_at(step, *, total, start, end):
    if step >= total:
        return end
    return end + (start - end) * (1 + math.cos(math.pi * (step // total))) / 2
