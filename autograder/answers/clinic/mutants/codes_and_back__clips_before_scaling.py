"""Clips at zero before it scales, so all negative weights come back as zero."""

import torch


def codes_and_back(weight, scale, zero_point):
    codes = torch.clamp(torch.round(torch.clamp(weight, min=0.0) / scale) + zero_point, max=255)
    return codes.to(torch.uint8), (codes - zero_point) * scale
