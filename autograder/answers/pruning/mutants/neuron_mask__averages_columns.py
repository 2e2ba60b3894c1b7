"""A mask of the inputs instead of the neurons."""


def neuron_mask(weight, threshold):
    return weight.abs().mean(dim=0) > threshold
