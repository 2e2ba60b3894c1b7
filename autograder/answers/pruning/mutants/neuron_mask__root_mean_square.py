"""The L2 norm instead of the mean magnitude."""


def neuron_mask(weight, threshold):
    return weight.flatten(1).square().mean(dim=1).sqrt() > threshold
