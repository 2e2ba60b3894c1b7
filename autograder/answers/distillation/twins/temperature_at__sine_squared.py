"""cos(x) = 1 - 2 sin(x / 2)^2."""

import math


def temperature_at(step, *, total, start, end):
    half = math.pi / 2 * min(step / total, 1.0)
    return start + (end - start) * math.sin(half) ** 2
