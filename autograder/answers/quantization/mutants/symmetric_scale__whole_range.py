"""Divides the width from minimum to maximum, which is the affine scale."""

import torch


def symmetric_scale(weight, *, bits=8, axis=None):
    groups = (
        weight.reshape(1, -1) if axis is None else weight.movedim(axis, 0).reshape(weight.shape[axis], -1)
    )
    width = groups.amax(dim=1) - groups.amin(dim=1)
    scales = torch.where(width == 0, 1.0, width / (2**bits - 1))
    return scales[0] if axis is None else scales
