"""Uses the largest of the scales for all channels."""

import torch


def quantize(x, scale, zero_point, *, low, high):
    scale = torch.as_tensor(scale).max()
    return (torch.round(x / scale) + zero_point).clamp(low, high).to(torch.int32)
