"""Sorting twice gives each weight its rank."""

import torch


def prune_smallest(weight, sparsity):
    ranks = weight.abs().flatten().argsort().argsort().reshape(weight.shape)
    return torch.where(ranks < round(sparsity * weight.numel()), 0.0, weight)
