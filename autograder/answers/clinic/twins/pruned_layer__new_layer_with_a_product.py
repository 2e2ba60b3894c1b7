"""A new layer that gets the product of weight and mask."""

from torch import nn


def pruned_layer(layer, threshold):
    pruned = nn.Linear(layer.in_features, layer.out_features, bias=layer.bias is not None)
    pruned.weight = nn.Parameter(layer.weight.detach() * (layer.weight.detach().abs() > threshold).float())
    if layer.bias is not None:
        pruned.bias = nn.Parameter(layer.bias.detach().clone())
    return pruned
