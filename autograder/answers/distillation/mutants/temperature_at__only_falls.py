"""Exchanges start and end of a schedule that should rise."""

import math


def temperature_at(step, *, total, start, end):
    start, end = max(start, end), min(start, end)
    if step >= total:
        return end
    return end + (start - end) * (1 + math.cos(math.pi * step / total)) / 2
