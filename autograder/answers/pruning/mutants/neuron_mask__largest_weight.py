"""Compares the row's largest magnitude with the threshold instead of its mean."""


def neuron_mask(weight, threshold):
    return weight.abs().flatten(1).amax(dim=1) > threshold
