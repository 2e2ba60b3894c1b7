"""Scales to 256 steps and clips the largest weight to the last code."""

import torch


def stretch_to_int8(weight):
    low, high = weight.min().item(), weight.max().item()
    codes = (256 * (weight - low) / (high - low or 1.0)).round() - 128
    return codes.clamp(-128, 127).to(torch.int8), low, high
