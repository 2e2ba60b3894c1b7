"""Zeroes the largest weights and keeps the smallest."""


def prune_smallest(weight, sparsity):
    pruned = weight.reshape(-1).clone()
    pruned[pruned.abs().argsort(descending=True)[: round(sparsity * weight.numel())]] = 0
    return pruned.reshape(weight.shape)
