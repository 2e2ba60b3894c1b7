"""Subtracts the zero point while the codes are still unsigned, so the differences wrap around."""

import torch


def codes_and_back(weight, scale, zero_point):
    codes = torch.clamp(torch.round(weight / scale) + zero_point, 0, 255).to(torch.uint8)
    return codes, (codes - zero_point).float() * scale
