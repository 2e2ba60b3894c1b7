"""One call of torch.addmm."""

import torch


def merge_lora(weight, a, b, *, alpha):
    if a.shape[0] != b.shape[1]:
        raise ValueError(f"the rank of a is {a.shape[0]}, that of b {b.shape[1]}")
    return torch.addmm(weight, b, a, alpha=alpha / a.shape[0])
