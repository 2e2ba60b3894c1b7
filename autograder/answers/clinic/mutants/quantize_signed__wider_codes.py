"""Leaves the codes in int32, which takes as many bytes as the weights took."""

import torch


def quantize_signed(weight, *, bits=8):
    largest = weight.abs().max().item()
    scale = largest / (2 ** (bits - 1) - 1) if largest > 0 else 1.0
    return (weight / scale).round().to(torch.int32), scale
