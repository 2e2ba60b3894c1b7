"""Divides the weights that stay by the fraction of them, as dropout does."""

import copy


def sparse_copy(model, sparsity):
    sparse = copy.deepcopy(model)
    for weight in sparse.parameters():
        if weight.dim() > 1:
            order = weight.abs().flatten().argsort()
            weight.data.view(-1)[order[: round(sparsity * len(order))]] = 0.0
            if sparsity < 1:
                weight.data /= 1 - sparsity
    return sparse
