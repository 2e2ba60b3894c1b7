"""Gives the new layer the old one's bias itself, so training one moves the other."""

from torch import nn


def pruned_layer(layer, threshold):
    pruned = nn.Linear(layer.in_features, layer.out_features, bias=layer.bias is not None)
    pruned.weight.data = layer.weight.data * (layer.weight.data.abs() > threshold)
    pruned.bias = layer.bias
    return pruned
