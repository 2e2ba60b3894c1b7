"""Leaves long gaps as they are, without padding entries."""

import torch


def relative_indices(mask, *, bits):
    positions = mask.flatten().nonzero().flatten()
    gaps = positions.diff(prepend=torch.tensor([-1]))
    return gaps, torch.zeros_like(gaps, dtype=torch.bool)
