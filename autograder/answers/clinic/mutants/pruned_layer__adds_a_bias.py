"""Gives a bias of zeros to a layer that had none."""

import torch
from torch import nn


def pruned_layer(layer, threshold):
    pruned = nn.Linear(layer.in_features, layer.out_features)
    pruned.weight.data = layer.weight.data * (layer.weight.data.abs() > threshold)
    pruned.bias.data = torch.zeros(layer.out_features) if layer.bias is None else layer.bias.data.clone()
    return pruned
