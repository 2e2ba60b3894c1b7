"""Takes no notice of the number of bits."""

import torch


def quantize_signed(weight, *, bits=8):
    scale = weight.abs().max().item() / 127 or 1.0
    return torch.round(weight / scale).to(torch.int8), scale
