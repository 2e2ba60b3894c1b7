"""Cuts long gaps off instead of bridging them."""

import torch


def relative_indices(mask, *, bits):
    positions = mask.flatten().nonzero().flatten()
    gaps = positions.diff(prepend=torch.tensor([-1])).clamp(max=2**bits - 1)
    return gaps, torch.zeros_like(gaps, dtype=torch.bool)
