"""Cuts at a threshold, so all equal scores fall together."""

import torch


def mask_from_scores(scores, sparsity):
    if not 0 <= sparsity <= 1:
        raise ValueError(f"sparsity must lie in [0, 1], got {sparsity}")
    count = round(sparsity * scores.numel())
    if count == 0:
        return torch.ones_like(scores, dtype=torch.bool)
    return scores > scores.flatten().kthvalue(count).values
