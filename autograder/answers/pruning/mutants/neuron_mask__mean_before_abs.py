"""Takes the mean before the magnitude, so weights of both signs cancel."""


def neuron_mask(weight, threshold):
    return weight.flatten(1).mean(dim=1).abs() > threshold
