"""Compares the weight itself with the threshold, so every negative weight goes."""

import copy


def pruned_layer(layer, threshold):
    pruned = copy.deepcopy(layer)
    pruned.weight.data *= layer.weight.data > threshold
    return pruned
