"""The state dict, changed and loaded into a new layer."""

import torch
from torch import nn


def pruned_layer(layer, threshold):
    state = {name: value.clone() for name, value in layer.state_dict().items()}
    small = torch.logical_and(state["weight"] <= threshold, state["weight"] >= -threshold)
    state["weight"][small] = 0.0
    pruned = nn.Linear(layer.in_features, layer.out_features, bias="bias" in state)
    pruned.load_state_dict(state)
    return pruned
