"""Returns the mask of the kept weights instead of the pruned weights."""

import torch


def prune_smallest(weight, sparsity):
    mask = torch.ones(weight.numel())
    mask[weight.abs().reshape(-1).argsort()[: round(sparsity * weight.numel())]] = 0
    return mask.reshape(weight.shape)
