"""Uses the mean of the scales for all channels."""

import torch


def dequantize(codes, scale, zero_point):
    return (codes.float() - zero_point) * torch.as_tensor(scale).mean()
