"""An 8-bit integer cannot hold 200: it becomes -56, and clamping comes too late."""

import torch


def quantize(x, scale, zero_point, *, low, high):
    codes = (torch.round(x / scale) + zero_point).to(torch.int32)
    codes = codes.to(torch.int8) if low < 0 else codes.to(torch.uint8)
    return codes.to(torch.int32).clamp(low, high)
