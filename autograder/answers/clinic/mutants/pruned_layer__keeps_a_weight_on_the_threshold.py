"""Keeps weights whose magnitude equals the threshold."""

import copy


def pruned_layer(layer, threshold):
    pruned = copy.deepcopy(layer)
    pruned.weight.data *= layer.weight.data.abs() >= threshold
    return pruned
