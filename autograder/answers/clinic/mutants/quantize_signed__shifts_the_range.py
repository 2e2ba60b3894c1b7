"""Moves the codes up by half their range, so zero is no longer code 0."""

import torch


def quantize_signed(weight, *, bits=8):
    limit = 2 ** (bits - 1) - 1
    scale = weight.abs().max().item() / limit or 1.0
    return (torch.round(weight / scale) + limit).to(torch.uint8), scale
