"""numpy, then back."""

import numpy as np
import torch


def threshold_mask(weight, threshold):
    if threshold < 0:
        raise ValueError(f"threshold = {threshold} is negative")
    return torch.from_numpy(np.abs(weight.numpy()) > threshold)
