"""Changes the tensor that was passed in."""

import torch


def quantize(x, scale, zero_point, *, low, high):
    return x.div_(scale).round_().add_(zero_point).clamp_(low, high).to(torch.int32)
