"""numpy's argpartition."""

import numpy as np
import torch


def prune_smallest(weight, sparsity):
    values = weight.detach().numpy().copy().ravel()
    count = round(sparsity * values.size)
    if count > 0:
        values[np.argpartition(np.abs(values), count - 1)[:count]] = 0
    return torch.from_numpy(values.reshape(weight.shape))
