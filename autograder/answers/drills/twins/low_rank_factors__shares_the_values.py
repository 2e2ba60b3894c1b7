"""Gives each factor the root of the singular values."""

import torch


def low_rank_factors(weight, rank):
    if not 1 <= rank <= min(weight.shape):
        raise ValueError(f"rank must lie in 1 .. {min(weight.shape)}, got {rank}")
    u, s, vh = torch.linalg.svd(weight)
    root = s[:rank].sqrt()
    return u[:, :rank] * root, root[:, None] * vh[:rank]
