"""Stores the codes in int8, so those above 127 become negative."""

import torch


def codes_and_back(weight, scale, zero_point):
    codes = torch.clamp(torch.round(weight / scale) + zero_point, 0, 255)
    return codes.long().to(torch.int8), (codes - zero_point) * scale
