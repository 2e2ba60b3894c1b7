"""Reaches the end one step early."""

import math


def temperature_at(step, *, total, start, end):
    if step >= total - 1:
        return end
    return end + (start - end) * (1 + math.cos(math.pi * step / (total - 1))) / 2
