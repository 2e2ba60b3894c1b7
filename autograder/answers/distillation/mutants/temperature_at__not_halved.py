"""Leaves out the half, although 1 + cos runs from 2 to 0."""

import math


def temperature_at(step, *, total, start, end):
    if step >= total:
        return end
    return end + (start - end) * (1 + math.cos(math.pi * step / total))
