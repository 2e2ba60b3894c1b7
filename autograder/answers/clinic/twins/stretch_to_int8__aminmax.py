"""aminmax, and codes counted from the top."""

import torch


def stretch_to_int8(weight):
    low, high = (value.item() for value in weight.aminmax())
    if low == high:
        return torch.full(weight.shape, -128, dtype=torch.int8), low, high
    return (127 - torch.round((high - weight) * (255 / (high - low)))).to(torch.int8), low, high
