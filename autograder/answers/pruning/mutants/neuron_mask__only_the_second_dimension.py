"""Filters give a mask of shape (out, kh, kw)."""


def neuron_mask(weight, threshold):
    return weight.abs().mean(dim=1) > threshold
