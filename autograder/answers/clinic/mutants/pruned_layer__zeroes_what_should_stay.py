"""Sets the weights above the threshold to zero and keeps the small ones."""

import copy


def pruned_layer(layer, threshold):
    pruned = copy.deepcopy(layer)
    pruned.weight.data[layer.weight.abs() > threshold] = 0.0
    return pruned
