"""Clips the scaled weights to the codes before it adds the zero point."""

import torch


def codes_and_back(weight, scale, zero_point):
    codes = torch.clamp(torch.round(weight / scale), 0, 255) + zero_point
    return codes.to(torch.uint8), (codes - zero_point) * scale
