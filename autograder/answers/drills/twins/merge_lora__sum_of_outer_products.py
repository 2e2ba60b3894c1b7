"""A sum of outer products, one for each rank."""

import torch


def merge_lora(weight, a, b, *, alpha):
    if a.shape[0] != b.shape[1]:
        raise ValueError(f"the rank of a is {a.shape[0]}, that of b {b.shape[1]}")
    merged = weight.clone()
    for row, column in zip(a, b.T, strict=True):
        merged += torch.outer(column, row) * alpha / len(a)
    return merged
