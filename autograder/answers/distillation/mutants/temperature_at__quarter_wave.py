"""cos from 0 to pi / 2."""

import math


def temperature_at(step, *, total, start, end):
    if step >= total:
        return end
    return end + (start - end) * math.cos(math.pi / 2 * step / total)
