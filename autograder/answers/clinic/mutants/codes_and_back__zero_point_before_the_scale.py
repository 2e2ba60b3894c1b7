"""Adds the zero point to the weights, before it divides by the scale."""

import torch


def codes_and_back(weight, scale, zero_point):
    codes = torch.clamp(torch.round((weight + zero_point) / scale), 0, 255)
    return codes.to(torch.uint8), codes * scale - zero_point
