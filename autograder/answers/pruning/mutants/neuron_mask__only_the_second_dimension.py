"""Averages over the second dimension alone, so a filter gets a matrix instead of one answer."""


def neuron_mask(weight, threshold):
    return weight.abs().mean(dim=1) > threshold
