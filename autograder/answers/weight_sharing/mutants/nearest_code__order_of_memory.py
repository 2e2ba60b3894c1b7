"""Reads a transposed tensor in the order of memory."""

import torch


def nearest_code(values, codebook):
    flat = torch.as_strided(values, (values.numel(),), (1,))
    return (flat[:, None] - codebook).abs().argmin(dim=1).reshape(values.shape)
