"""Begins anew behind the end instead of staying there."""

import math


def temperature_at(step, *, total, start, end):
    step = step % total
    return end + (start - end) * (1 + math.cos(math.pi * step / total)) / 2
