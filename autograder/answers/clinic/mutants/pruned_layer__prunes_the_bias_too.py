"""Prunes small entries of the bias as well."""

import copy


def pruned_layer(layer, threshold):
    pruned = copy.deepcopy(layer)
    for value in pruned.parameters():
        value.data *= value.data.abs() > threshold
    return pruned
