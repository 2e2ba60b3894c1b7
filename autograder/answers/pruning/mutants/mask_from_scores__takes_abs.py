"""Ranks scores by their magnitude, so a very negative score counts as high."""

import torch


def mask_from_scores(scores, sparsity):
    if not 0 <= sparsity <= 1:
        raise ValueError(f"sparsity must lie in [0, 1], got {sparsity}")
    mask = torch.ones(scores.numel(), dtype=torch.bool)
    mask[scores.abs().flatten().argsort()[: round(sparsity * scores.numel())]] = False
    return mask.view(scores.shape)
