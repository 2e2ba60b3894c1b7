"""Signs cancel before the magnitude is taken."""


def neuron_mask(weight, threshold):
    return weight.flatten(1).mean(dim=1).abs() > threshold
