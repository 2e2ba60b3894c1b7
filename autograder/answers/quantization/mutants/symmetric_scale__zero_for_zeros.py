"""Gives a group of zeros the scale 0 instead of 1."""


def symmetric_scale(weight, *, bits=8, axis=None):
    groups = (
        weight.reshape(1, -1) if axis is None else weight.movedim(axis, 0).reshape(weight.shape[axis], -1)
    )
    scales = groups.abs().amax(dim=1) / (2 ** (bits - 1) - 1)
    return scales[0] if axis is None else scales
