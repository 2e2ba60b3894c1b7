"""topk of those that stay, copied into zeros."""

import torch


def prune_smallest(weight, sparsity):
    flat = weight.reshape(-1)
    stay = flat.abs().topk(flat.numel() - round(sparsity * flat.numel())).indices
    pruned = torch.zeros_like(flat)
    pruned[stay] = flat[stay]
    return pruned.reshape(weight.shape)
