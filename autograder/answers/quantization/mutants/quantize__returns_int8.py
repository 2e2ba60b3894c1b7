"""Returns int8 instead of int32."""

import torch


def quantize(x, scale, zero_point, *, low, high):
    return (torch.round(x / scale) + zero_point).clamp(low, high).to(torch.int8)
