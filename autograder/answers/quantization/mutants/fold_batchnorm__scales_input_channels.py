"""Scales the input channels instead of the output channels."""

import copy

import torch
from torch import nn


def fold_batchnorm(conv, bn):
    factor = bn.weight / torch.sqrt(bn.running_var + bn.eps)
    bias = torch.zeros_like(bn.running_mean) if conv.bias is None else conv.bias
    folded = copy.deepcopy(conv)
    folded.weight = nn.Parameter(
        (
            conv.weight
            * (factor.view(1, -1, 1, 1) if conv.weight.shape[1] == len(factor) else factor.view(-1, 1, 1, 1))
        ).detach()
    )
    folded.bias = nn.Parameter((bn.bias + factor * (bias - bn.running_mean)).detach())
    return folded
