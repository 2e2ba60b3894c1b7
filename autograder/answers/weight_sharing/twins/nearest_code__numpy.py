"""Squares in numpy."""

import numpy as np
import torch


def nearest_code(values, codebook):
    distance = (values.numpy()[..., np.newaxis] - codebook.numpy()) ** 2
    return torch.from_numpy(np.asarray(distance.argmin(axis=-1), dtype=np.int64))
