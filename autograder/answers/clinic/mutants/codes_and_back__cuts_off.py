"""Cuts codes off instead of rounding them."""

import torch


def codes_and_back(weight, scale, zero_point):
    codes = torch.clamp(torch.trunc(weight / scale) + zero_point, 0, 255)
    return codes.to(torch.uint8), (codes - zero_point) * scale
