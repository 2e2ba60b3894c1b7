"""Ranks weights with their sign, so the most negative ones go first."""

import copy


def sparse_copy(model, sparsity):
    sparse = copy.deepcopy(model)
    for weight in sparse.parameters():
        if weight.dim() > 1:
            order = weight.flatten().argsort()
            weight.data.view(-1)[order[: round(sparsity * len(order))]] = 0.0
    return sparse
