"""Groups neighbours along the first dimension instead of the last."""

import torch


def n_of_m_mask(weight, *, keep=2, group=4):
    if not 0 <= keep <= group:
        raise ValueError(f"keep must lie in 0 .. {group}, got {keep}")
    if weight.shape[-1] % group:
        raise ValueError(f"group = {group} does not divide {weight.shape[-1]}")
    turned = weight.transpose(0, -1)
    if turned.shape[-1] % group:
        raise ValueError(f"group = {group} does not divide {turned.shape[-1]}")
    best = turned.abs().reshape(-1, group).topk(keep, dim=1).indices
    mask = torch.zeros(turned.numel() // group, group, dtype=torch.bool).scatter(1, best, True)
    return mask.view(turned.shape).transpose(0, -1)
