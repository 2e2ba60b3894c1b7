"""Uses the lowest code -2^(bits-1), too, so the codes are not symmetric."""

import torch


def quantize_per_channel(weight, *, bits=8, axis=0):
    top = 2 ** (bits - 1) - 1
    groups = weight.movedim(axis, 0).reshape(weight.shape[axis], -1)
    scales = torch.maximum(groups.amax(dim=1) / top, -groups.amin(dim=1) / (top + 1))
    scales = torch.where(scales == 0, 1.0, scales)
    along = [1] * weight.dim()
    along[axis] = -1
    return torch.round(weight / scales.view(along)).clamp(-top - 1, top).to(torch.int8), scales
