"""Ranks whole rows, so that a group may keep more or less than its share."""

import torch


def n_of_m_mask(weight, *, keep=2, group=4):
    if not 0 <= keep <= group:
        raise ValueError(f"keep must lie in 0 .. {group}, got {keep}")
    if weight.shape[-1] % group:
        raise ValueError(f"group = {group} does not divide {weight.shape[-1]}")
    count = weight.shape[-1] * keep // group
    best = weight.abs().topk(count, dim=-1).indices
    return torch.zeros(weight.shape, dtype=torch.bool).scatter(-1, best, True)
