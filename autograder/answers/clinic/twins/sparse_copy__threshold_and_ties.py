"""kthvalue as threshold where magnitudes differ, and positions where they tie."""

import copy

import torch


@torch.no_grad()
def sparse_copy(model, sparsity):
    sparse = copy.deepcopy(model)
    for weight in sparse.parameters():
        count = round(sparsity * weight.numel())
        if weight.dim() < 2 or count == 0:
            continue
        magnitude = weight.abs()
        border = magnitude.flatten().kthvalue(count).values
        weight[magnitude < border] = 0.0
        missing = count - int((magnitude < border).sum())
        for at in (magnitude == border).nonzero()[:missing]:
            weight[tuple(at)] = 0.0
    return sparse
