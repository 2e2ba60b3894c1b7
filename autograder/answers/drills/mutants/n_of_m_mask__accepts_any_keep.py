"""Accepts a keep below 0 or above the size of a group."""

import torch


def n_of_m_mask(weight, *, keep=2, group=4):
    keep = min(max(keep, 0), group)
    if weight.shape[-1] % group != 0:
        raise ValueError(f"group must divide the last dimension {weight.shape[-1]}, got {group}")
    blocks = weight.abs().reshape(-1, group)
    largest = blocks.topk(keep, dim=1).indices
    mask = torch.zeros(blocks.shape, dtype=torch.bool).scatter(1, largest, True)
    return mask.view(weight.shape)
