"""Accepts a group below 1 without saying what is wrong with it."""

import math

import torch
import torch.nn.functional as F


def quantize_per_group(weight, *, group=32, bits=4):
    rows, columns = weight.shape
    blocks = F.pad(weight, (0, -columns % group)).reshape(rows, math.ceil(columns / group), group)
    largest = blocks.abs().amax(dim=2)
    scales = torch.where(largest > 0, largest / (2 ** (bits - 1) - 1), 1.0)
    codes = (blocks / scales[:, :, None]).round().to(torch.int8)
    return (codes.flatten(1)[:, :columns], scales)
