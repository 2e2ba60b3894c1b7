"""Sorting twice gives each weight its rank."""


def magnitude_mask(weight, sparsity):
    if not 0 <= sparsity <= 1:
        raise ValueError(f"sparsity must lie in [0, 1], got {sparsity}")
    flat = weight.contiguous().view(-1) ** 2
    ranks = flat.sort(descending=True).indices.sort().indices
    return (ranks < flat.numel() - round(sparsity * flat.numel())).view_as(weight)
