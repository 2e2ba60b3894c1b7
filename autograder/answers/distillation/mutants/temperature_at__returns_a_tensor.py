"""Returns a tensor instead of a float."""

import math

import torch


def temperature_at(step, *, total, start, end):
    if step >= total:
        return end
    wave = torch.cos(torch.tensor(math.pi * step / total))
    return end + (start - end) * (1 + wave) / 2
