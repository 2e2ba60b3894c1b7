"""One channel after the other, with a single scale each; the list is stacked."""

import torch


def quantize_per_channel(weight, *, bits=8, axis=0):
    top = 2 ** (bits - 1) - 1
    codes, scales = [], []
    for channel in weight.unbind(axis):
        largest = float(channel.abs().max())
        scale = largest / top if largest else 1.0
        codes.append((channel / scale).round().clamp(-top, top).to(torch.int8))
        scales.append(scale)
    return [torch.stack(codes, dim=axis), torch.tensor(scales)]
