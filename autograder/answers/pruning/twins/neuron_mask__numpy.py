"""numpy's mean over all axes but the first."""

import numpy as np
import torch


def neuron_mask(weight, threshold):
    magnitudes = np.abs(weight.numpy())
    return torch.from_numpy(magnitudes.mean(axis=tuple(range(1, magnitudes.ndim))) > threshold)
