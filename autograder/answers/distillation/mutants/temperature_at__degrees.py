"""Gives the cosine degrees instead of radians."""

import math


def temperature_at(step, *, total, start, end):
    if step >= total:
        return end
    return end + (start - end) * (1 + math.cos(math.radians(step / total))) / 2
