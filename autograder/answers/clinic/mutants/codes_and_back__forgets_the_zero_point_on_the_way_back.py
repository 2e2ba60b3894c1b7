"""Multiplies the codes by the scale and forgets the zero point on the way back."""

import torch


def codes_and_back(weight, scale, zero_point):
    codes = torch.clamp(torch.round(weight / scale) + zero_point, 0, 255)
    return codes.to(torch.uint8), codes * scale
