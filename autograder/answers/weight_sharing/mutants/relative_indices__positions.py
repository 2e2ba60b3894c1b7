"""Absolute positions, counted from 1."""

import torch


def relative_indices(mask, *, bits):
    positions = mask.flatten().nonzero().flatten() + 1
    return positions, torch.zeros_like(positions, dtype=torch.bool)
