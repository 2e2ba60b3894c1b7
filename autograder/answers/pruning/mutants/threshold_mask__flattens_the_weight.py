"""Returns the list of kept weights instead of a mask."""


def threshold_mask(weight, threshold):
    if threshold < 0:
        raise ValueError(f"threshold must be at least 0, got {threshold}")
    return weight[weight.abs() > threshold]
