"""Takes sparsity for the fraction of weights that stay."""

import copy


def sparse_copy(model, sparsity):
    sparse = copy.deepcopy(model)
    for weight in sparse.parameters():
        if weight.dim() > 1:
            order = weight.abs().flatten().argsort()
            weight.data.view(-1)[order[: round((1 - sparsity) * len(order))]] = 0.0
    return sparse
