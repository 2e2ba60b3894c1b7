"""Fails where the last group of a row is shorter than the others."""

import torch


def quantize_per_group(weight, *, group=32, bits=4):
    if group < 1:
        raise ValueError(f"group must be at least 1, got {group}")
    blocks = weight.reshape(weight.shape[0], -1, group)
    largest = blocks.abs().amax(dim=2)
    scales = torch.where(largest > 0, largest / (2 ** (bits - 1) - 1), 1.0)
    return (blocks / scales[:, :, None]).round().to(torch.int8).flatten(1), scales
