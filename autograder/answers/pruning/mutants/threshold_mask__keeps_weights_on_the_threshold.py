"""Keeps a weight whose magnitude equals the threshold."""


def threshold_mask(weight, threshold):
    if threshold < 0:
        raise ValueError(f"threshold must be at least 0, got {threshold}")
    return weight.abs() >= threshold
