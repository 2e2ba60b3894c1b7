"""kthvalue, and of those that equal it only as many as are missing."""

import torch


def magnitude_mask(weight, sparsity):
    if not 0 <= sparsity <= 1:
        raise ValueError(f"sparsity must lie in [0, 1], got {sparsity}")
    magnitudes = weight.abs().flatten()
    count = round(sparsity * magnitudes.numel())
    if count == 0:
        return torch.ones_like(weight, dtype=torch.bool)
    border = magnitudes.kthvalue(count).values
    pruned = magnitudes < border
    ties = (magnitudes == border).nonzero().flatten()
    pruned[ties[: count - int(pruned.sum())]] = True
    return ~pruned.unflatten(0, weight.shape)
