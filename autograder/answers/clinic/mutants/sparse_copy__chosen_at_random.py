"""Sets the right number of weights to zero, but draws them at random."""

import copy

import torch


def sparse_copy(model, sparsity):
    sparse = copy.deepcopy(model)
    for weight in sparse.parameters():
        if weight.dim() > 1:
            order = torch.randperm(weight.numel())
            weight.data.view(-1)[order[: round(sparsity * len(order))]] = 0.0
    return sparse
