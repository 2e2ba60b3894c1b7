"""Returns the dequantized values instead of the codes."""

import torch


def quantize(x, scale, zero_point, *, low, high):
    return ((torch.round(x / scale) + zero_point).clamp(low, high) - zero_point) * scale
