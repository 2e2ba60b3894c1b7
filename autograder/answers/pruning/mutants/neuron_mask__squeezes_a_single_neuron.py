"""Drops the only dimension of the mask of a single neuron."""


def neuron_mask(weight, threshold):
    return (weight.abs().flatten(1).mean(dim=1) > threshold).squeeze()
