"""Keeps the first weights of the tensor and zeroes the last, whatever their magnitude."""

import torch


def prune_smallest(weight, sparsity):
    kept = weight.numel() - round(sparsity * weight.numel())
    mask = torch.zeros(weight.numel())
    mask[:kept] = 1
    return weight * mask.reshape(weight.shape)
