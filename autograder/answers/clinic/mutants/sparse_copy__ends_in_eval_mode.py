"""Switches the copy to eval mode, whatever mode the model was in."""

import copy


def sparse_copy(model, sparsity):
    sparse = copy.deepcopy(model).eval()
    for weight in sparse.parameters():
        if weight.dim() > 1:
            order = weight.abs().flatten().argsort()
            weight.data.view(-1)[order[: round(sparsity * len(order))]] = 0.0
    return sparse
