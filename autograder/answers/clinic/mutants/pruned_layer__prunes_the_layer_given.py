"""Prunes the layer that was given and returns it."""


def pruned_layer(layer, threshold):
    layer.weight.data[layer.weight.abs() <= threshold] = 0.0
    return layer
