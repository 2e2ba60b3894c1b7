"""From the least and the largest weight."""

import torch


def symmetric_scale(weight, *, bits=8, axis=None):
    groups = (
        weight.reshape(-1, 1) if axis is None else weight.movedim(axis, -1).reshape(-1, weight.shape[axis])
    )
    largest = torch.maximum(groups.amax(dim=0), -groups.amin(dim=0))
    scales = (largest / (2 ** (bits - 1) - 1)).masked_fill(largest == 0, 1.0)
    return scales.squeeze(0) if axis is None else scales
