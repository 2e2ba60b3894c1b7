"""Sums the magnitudes of a row instead of averaging them."""


def neuron_mask(weight, threshold):
    return weight.abs().flatten(1).sum(dim=1) > threshold
