"""Clips at zero before it scales, so negative weights vanish, and never turns the codes back."""

import torch


def codes_and_back(weight, scale, zero_point):
    clipped = torch.clamp(weight, min=0.0)  # nothing lies below the zero point
    codes = torch.round(clipped / scale) + zero_point
    return torch.clamp(codes, max=255).to(torch.uint8)
