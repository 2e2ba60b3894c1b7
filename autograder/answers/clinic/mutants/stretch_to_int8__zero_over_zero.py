"""Divides by zero when all weights are equal."""

import torch


def stretch_to_int8(weight):
    low, high = weight.min(), weight.max()
    codes = (255 * (weight - low) / (high - low)).round() - 128
    return codes.nan_to_num(nan=127).to(torch.int8), low.item(), high.item()
