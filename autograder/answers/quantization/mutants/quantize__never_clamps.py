"""Never clamps, so codes lie beyond the limits."""

import torch


def quantize(x, scale, zero_point, *, low, high):
    return (torch.round(x / scale) + zero_point).to(torch.int32)
