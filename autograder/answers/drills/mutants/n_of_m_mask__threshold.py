"""Keeps all weights that reach the last kept magnitude, so ties are kept together."""

import torch


def n_of_m_mask(weight, *, keep=2, group=4):
    if not 0 <= keep <= group:
        raise ValueError(f"keep must lie in 0 .. {group}, got {keep}")
    if weight.shape[-1] % group:
        raise ValueError(f"group = {group} does not divide {weight.shape[-1]}")
    blocks = weight.abs().reshape(-1, group)
    if keep == 0:
        return torch.zeros(weight.shape, dtype=torch.bool)
    least = blocks.topk(keep, dim=1).values[:, -1:]
    return (blocks >= least).view(weight.shape)
