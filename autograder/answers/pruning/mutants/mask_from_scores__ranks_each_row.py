"""Ranks each row for itself and prunes equally many entries from every row."""

import torch


def mask_from_scores(scores, sparsity):
    if not 0 <= sparsity <= 1:
        raise ValueError(f"sparsity must lie in [0, 1], got {sparsity}")
    order = scores.argsort(dim=-1)[..., : round(sparsity * scores.shape[-1])]
    return torch.ones(scores.shape, dtype=torch.bool).scatter(-1, order, False)
