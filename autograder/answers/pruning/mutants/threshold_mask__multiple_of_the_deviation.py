"""Multiplies the threshold by the standard deviation of the weights."""


def threshold_mask(weight, threshold):
    if threshold < 0:
        raise ValueError(f"threshold must be at least 0, got {threshold}")
    return weight.abs() > threshold * weight.std()
