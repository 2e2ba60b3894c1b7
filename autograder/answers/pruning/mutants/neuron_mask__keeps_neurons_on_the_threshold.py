"""Keeps a neuron whose mean magnitude equals the threshold."""


def neuron_mask(weight, threshold):
    return weight.abs().flatten(1).mean(dim=1) >= threshold
