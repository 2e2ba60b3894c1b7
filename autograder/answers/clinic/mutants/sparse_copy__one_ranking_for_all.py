"""Ranks the weights of all matrices together, so that each loses another fraction."""

import copy

import torch


def sparse_copy(model, sparsity):
    sparse = copy.deepcopy(model)
    weights = [weight for weight in sparse.parameters() if weight.dim() > 1]
    magnitudes = torch.cat([weight.data.abs().flatten() for weight in weights])
    keep = torch.ones(len(magnitudes))
    keep[magnitudes.argsort()[: round(sparsity * len(magnitudes))]] = 0.0
    for weight, part in zip(weights, keep.split([w.numel() for w in weights]), strict=True):
        weight.data *= part.view(weight.shape)
    return sparse
