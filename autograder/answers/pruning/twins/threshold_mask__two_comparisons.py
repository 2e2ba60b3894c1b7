"""Above the threshold or below its negative."""

import torch


def threshold_mask(weight, threshold):
    if not threshold >= 0:
        raise ValueError(f"threshold must not be negative: {threshold}")
    return torch.logical_or(weight > threshold, weight < -threshold)
