"""Follows the cosine from 0 to pi / 2 instead of pi."""

import math


def temperature_at(step, *, total, start, end):
    if step >= total:
        return end
    return end + (start - end) * math.cos(math.pi / 2 * step / total)
