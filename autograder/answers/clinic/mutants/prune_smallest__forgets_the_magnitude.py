"""Ranks the weights with their sign, so the most negative ones go first."""


def prune_smallest(weight, sparsity):
    pruned = weight.reshape(-1).clone()
    pruned[pruned.argsort()[: round(sparsity * weight.numel())]] = 0
    return pruned.reshape(weight.shape)
