"""Keeps the first weights of each group, whatever their size."""

import torch


def n_of_m_mask(weight, *, keep=2, group=4):
    if not 0 <= keep <= group:
        raise ValueError(f"keep must lie in 0 .. {group}, got {keep}")
    if weight.shape[-1] % group:
        raise ValueError(f"group = {group} does not divide {weight.shape[-1]}")
    return (torch.arange(weight.shape[-1]) % group < keep).expand(weight.shape).clone()
