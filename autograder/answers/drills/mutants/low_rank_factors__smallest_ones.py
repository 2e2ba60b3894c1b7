"""Keeps the smallest singular values."""

import torch


def low_rank_factors(weight, rank):
    if not 1 <= rank <= min(weight.shape):
        raise ValueError(f"rank must lie in 1 .. {min(weight.shape)}, got {rank}")
    u, s, vh = torch.linalg.svd(weight, full_matrices=False)
    return (u[:, -rank:] * s[-rank:], vh[-rank:])
