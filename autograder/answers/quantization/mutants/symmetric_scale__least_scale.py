"""Keeps the scale above a least value, also for zeros and tiny weights."""


def symmetric_scale(weight, *, bits=8, axis=None):
    groups = (
        weight.reshape(1, -1) if axis is None else weight.movedim(axis, 0).reshape(weight.shape[axis], -1)
    )
    scales = (groups.abs().amax(dim=1) / (2 ** (bits - 1) - 1)).clamp(min=1e-8)
    return scales[0] if axis is None else scales
