"""Cuts the number of weights off with int instead of rounding it."""


def prune_smallest(weight, sparsity):
    pruned = weight.reshape(-1).clone()
    pruned[pruned.abs().argsort()[: int(sparsity * weight.numel())]] = 0
    return pruned.reshape(weight.shape)
