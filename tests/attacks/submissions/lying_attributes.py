"""5: a real tensor with lying attributes: nbytes, dtype, element_size, sparsity, numel.

task: prune
"""
import torch


def prune(weight, sparsity):
    kept = weight.clone()
    kept.sparsity, kept.nnz, kept.count = 0.9, 10, 10
    kept.nbytes_on_disk = 1
    return torch.nn.Parameter(kept)
