"""Prunes the highest scores and keeps the lowest."""

import torch


def mask_from_scores(scores, sparsity):
    if not 0 <= sparsity <= 1:
        raise ValueError(f"sparsity must lie in [0, 1], got {sparsity}")
    mask = torch.ones(scores.numel(), dtype=torch.bool)
    mask[scores.flatten().argsort(descending=True)[: round(sparsity * scores.numel())]] = False
    return mask.view(scores.shape)
