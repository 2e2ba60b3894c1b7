"""One slice after the other, with Python's floats."""

import torch


def symmetric_scale(weight, *, bits=8, axis=None):
    def scale_of(part):
        largest = max(abs(part.min().item()), abs(part.max().item()))
        return largest / (2 ** (bits - 1) - 1) if largest else 1.0

    if axis is None:
        return torch.tensor(scale_of(weight))
    return torch.tensor([scale_of(part) for part in weight.unbind(axis)])
