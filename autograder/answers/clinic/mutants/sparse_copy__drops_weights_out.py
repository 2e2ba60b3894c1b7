"""Uses dropout to make weights sparse: other ones at each call, and the survivors grow."""

import copy

import torch.nn.functional as F


def sparse_copy(model, sparsity):
    thinned = copy.deepcopy(model)
    for parameter in thinned.parameters():
        parameter.data = F.dropout(parameter.data, p=sparsity)
    return thinned
