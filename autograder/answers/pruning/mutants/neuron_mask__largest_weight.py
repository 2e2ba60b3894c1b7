"""The largest magnitude of the row instead of the mean."""


def neuron_mask(weight, threshold):
    return weight.abs().flatten(1).amax(dim=1) > threshold
