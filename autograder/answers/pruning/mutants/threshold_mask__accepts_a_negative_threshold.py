"""Nothing is checked."""


def threshold_mask(weight, threshold):
    return weight.abs() > threshold
