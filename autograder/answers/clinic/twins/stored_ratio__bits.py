"""Counts bits, and bytes at the end."""

import math

import torch


def stored_ratio(weights):
    if not weights:
        raise ValueError("no weights to store")
    sizes = torch.tensor([tensor.numel() for tensor in weights.values()], dtype=torch.float64)
    kept = torch.tensor([int((tensor != 0).sum()) for tensor in weights.values()], dtype=torch.float64)
    layouts = torch.stack([32 * sizes, 8 * torch.ceil(sizes / 8) + 32 * kept, 64 * kept])
    bits = layouts.min(dim=0).values + 32
    return math.fsum((32 * sizes).tolist()) / math.fsum(bits.tolist())
