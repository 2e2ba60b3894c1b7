"""The lowest entries from a heap."""

import heapq

import torch


def mask_from_scores(scores, sparsity):
    if sparsity < 0 or sparsity > 1:
        raise ValueError(f"sparsity must lie in [0, 1], got {sparsity}")
    values = scores.flatten().tolist()
    lowest = heapq.nsmallest(round(sparsity * len(values)), range(len(values)), key=values.__getitem__)
    mask = torch.ones(len(values), dtype=torch.bool)
    mask[torch.tensor(lowest, dtype=torch.long)] = False
    return mask.reshape(scores.shape)
