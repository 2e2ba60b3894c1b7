"""Leaves the new layer's bias at its random start."""

from torch import nn


def pruned_layer(layer, threshold):
    pruned = nn.Linear(layer.in_features, layer.out_features, bias=layer.bias is not None)
    pruned.weight.data = layer.weight.data * (layer.weight.data.abs() > threshold)
    return pruned
