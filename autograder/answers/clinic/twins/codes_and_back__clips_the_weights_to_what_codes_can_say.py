"""Clips the weights, but to the range that the codes can say."""

import torch


def codes_and_back(weight, scale, zero_point):
    low, high = -zero_point * scale, (255 - zero_point) * scale
    steps = torch.round((weight.clamp(low, high) - low) / scale)
    return steps.to(torch.uint8), steps * scale + low
