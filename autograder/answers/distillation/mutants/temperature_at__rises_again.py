"""Not held behind total."""

import math


def temperature_at(step, *, total, start, end):
    return end + (start - end) * (1 + math.cos(math.pi * step / total)) / 2
