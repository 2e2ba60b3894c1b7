"""Indexes the weight with a mask, which gives the kept values one after the other and loses the shape."""

from torch import nn


def pruned_layer(layer, threshold):
    keep = layer.weight.abs() > threshold
    smaller = nn.Linear(layer.in_features, layer.out_features)
    smaller.weight = nn.Parameter(layer.weight[keep])
    smaller.bias = layer.bias
    return smaller
