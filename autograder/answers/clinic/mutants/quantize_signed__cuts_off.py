"""Cuts codes off towards zero instead of rounding them."""

import torch


def quantize_signed(weight, *, bits=8):
    scale = weight.abs().max().item() / (2 ** (bits - 1) - 1) or 1.0
    return (weight / scale).to(torch.int8), scale
