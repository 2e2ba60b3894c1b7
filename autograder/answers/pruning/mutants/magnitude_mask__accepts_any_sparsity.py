"""Accepts a sparsity outside [0, 1] without an error."""

import torch


def magnitude_mask(weight, sparsity):
    mask = torch.ones(weight.numel(), dtype=torch.bool)
    mask[weight.abs().flatten().argsort()[: round(sparsity * weight.numel())]] = False
    return mask.view(weight.shape)
