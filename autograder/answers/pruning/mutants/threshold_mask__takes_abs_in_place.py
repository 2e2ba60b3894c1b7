"""Takes the magnitude in place, so the weight itself loses its signs."""


def threshold_mask(weight, threshold):
    if threshold < 0:
        raise ValueError(f"threshold must be at least 0, got {threshold}")
    return weight.abs_() > threshold
