"""Averages over the neurons, which gives a mask of the inputs."""


def neuron_mask(weight, threshold):
    return weight.abs().mean(dim=0) > threshold
