"""Prunes biases and norms as well as the weight matrices."""

import copy


def sparse_copy(model, sparsity):
    sparse = copy.deepcopy(model)
    for weight in sparse.parameters():
        order = weight.abs().flatten().argsort()
        weight.data.view(-1)[order[: round(sparsity * len(order))]] = 0.0
    return sparse
