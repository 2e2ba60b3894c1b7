"""Accepts a sparsity outside [0, 1] without an error."""

import torch


def mask_from_scores(scores, sparsity):
    mask = torch.ones(scores.numel(), dtype=torch.bool)
    mask[scores.flatten().argsort()[: round(sparsity * scores.numel())]] = False
    return mask.view(scores.shape)
