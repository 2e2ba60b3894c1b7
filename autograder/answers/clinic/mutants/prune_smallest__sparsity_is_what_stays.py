"""Takes the sparsity for the fraction of weights that stay."""


def prune_smallest(weight, sparsity):
    pruned = weight.reshape(-1).clone()
    pruned[pruned.abs().argsort()[: weight.numel() - round(sparsity * weight.numel())]] = 0
    return pruned.reshape(weight.shape)
