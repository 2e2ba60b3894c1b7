"""Accepts a rank that the matrix cannot have."""

import torch


def low_rank_factors(weight, rank):
    u, s, vh = torch.linalg.svd(weight, full_matrices=False)
    return (u[:, :rank] * s[:rank], vh[:rank])
