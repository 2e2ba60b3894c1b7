"""Compares the signed weight with the threshold, so large negative weights are pruned."""


def threshold_mask(weight, threshold):
    if threshold < 0:
        raise ValueError(f"threshold must be at least 0, got {threshold}")
    return weight > threshold
