"""The largest code is never used, as the end of a range()."""

import torch


def quantize(x, scale, zero_point, *, low, high):
    return (torch.round(x / scale) + zero_point).clamp(low, high - 1).to(torch.int32)
