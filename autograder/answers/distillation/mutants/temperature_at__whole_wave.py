"""Follows the cosine from 0 to 2 pi instead of pi."""

import math


def temperature_at(step, *, total, start, end):
    if step >= total:
        return end
    return end + (start - end) * (1 + math.cos(2 * math.pi * step / total)) / 2
