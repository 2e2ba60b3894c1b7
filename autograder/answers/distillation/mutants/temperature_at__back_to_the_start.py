"""Behind the end it begins anew."""

import math


def temperature_at(step, *, total, start, end):
    step = step % total
    return end + (start - end) * (1 + math.cos(math.pi * step / total)) / 2
