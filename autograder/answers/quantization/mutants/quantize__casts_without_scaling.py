"""Values in [0, 1] become 0 or 1."""

import torch


def quantize(x, scale, zero_point, *, low, high):
    return x.to(torch.int32).clamp(low, high)
