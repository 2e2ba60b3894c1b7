"""14: claims a sparsity instead of having it: a mask attribute, a parametrization, a zero-filled copy.

task: prune
"""
import torch


def prune(weight, sparsity):
    weight.weight_mask = torch.zeros_like(weight)
    weight.sparsity = sparsity
    weight.is_sparse_csr_like = True
    return weight + 1e-30
