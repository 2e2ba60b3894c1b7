"""Compares the row's root mean square with the threshold instead of its mean magnitude."""


def neuron_mask(weight, threshold):
    return weight.flatten(1).square().mean(dim=1).sqrt() > threshold
