"""Zeroes the weights in the argument itself."""


def prune_smallest(weight, sparsity):
    for position in weight.abs().flatten().argsort()[: round(sparsity * weight.numel())].tolist():
        index = []
        for size in reversed(weight.shape):
            index.insert(0, position % size)
            position //= size
        weight[tuple(index)] = 0.0
    return weight
