"""The infinity norm of the rows of the transposed weight, times the reciprocal."""

import torch


def symmetric_scale(weight, *, bits=8, axis=None):
    if axis is None:
        largest = torch.linalg.vector_norm(weight, ord=float("inf"))
    else:
        rows = weight.transpose(0, axis).contiguous().view(weight.size(axis), -1)
        largest = torch.linalg.vector_norm(rows, ord=float("inf"), dim=1)
    scale = largest * (1.0 / (2 ** (bits - 1) - 1))
    scale[scale == 0] = 1.0
    return scale
