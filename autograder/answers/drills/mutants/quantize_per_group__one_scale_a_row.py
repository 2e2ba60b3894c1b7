"""Gives a whole row one scale and repeats it for its groups."""

import math

import torch


def quantize_per_group(weight, *, group=32, bits=4):
    if group < 1:
        raise ValueError(f"group must be at least 1, got {group}")
    largest = weight.abs().amax(dim=1, keepdim=True)
    scales = torch.where(largest > 0, largest / (2 ** (bits - 1) - 1), 1.0)
    return (weight / scales).round().to(torch.int8), scales.repeat(1, math.ceil(weight.shape[1] / group))
