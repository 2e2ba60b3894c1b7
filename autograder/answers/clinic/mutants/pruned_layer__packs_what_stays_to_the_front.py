"""Fills the shape again with the kept values in a row, so they stand at other places than before."""

import copy

import torch


def pruned_layer(layer, threshold):
    pruned = copy.deepcopy(layer)
    kept = layer.weight[layer.weight.abs() > threshold]
    pruned.weight.data = torch.zeros(layer.weight.numel())
    pruned.weight.data[: len(kept)] = kept.detach()
    pruned.weight.data = pruned.weight.data.view(layer.weight.shape)
    return pruned
