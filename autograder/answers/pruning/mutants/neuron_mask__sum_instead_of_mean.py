"""The threshold then depends on the number of inputs."""


def neuron_mask(weight, threshold):
    return weight.abs().flatten(1).sum(dim=1) > threshold
