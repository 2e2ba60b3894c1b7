"""Drops every row that holds a small weight, so the layer has fewer outputs."""

from torch import nn


def pruned_layer(layer, threshold):
    rows = (layer.weight.abs() > threshold).all(dim=1)
    pruned = nn.Linear(layer.in_features, int(rows.sum()))
    pruned.weight.data = layer.weight.data[rows]
    pruned.bias.data = layer.bias.data[rows]
    return pruned
