"""topk of the lowest, scattered."""

import torch


def mask_from_scores(scores, sparsity):
    if not 0 <= sparsity <= 1:
        raise ValueError(f"sparsity = {sparsity} must lie between 0 and 1")
    flat = scores.reshape(-1)
    lowest = torch.topk(flat, round(sparsity * flat.numel()), largest=False, sorted=False).indices
    return torch.ones_like(flat, dtype=torch.bool).scatter_(0, lowest, False).reshape(scores.shape)
