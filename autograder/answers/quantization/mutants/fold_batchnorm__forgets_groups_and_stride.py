"""Loses groups, stride and padding of the convolution."""

import torch
from torch import nn


def fold_batchnorm(conv, bn):
    factor = bn.weight / torch.sqrt(bn.running_var + bn.eps)
    bias = torch.zeros_like(bn.running_mean) if conv.bias is None else conv.bias
    folded = nn.Conv2d(conv.in_channels, conv.out_channels, conv.kernel_size)
    folded.weight = nn.Parameter((conv.weight * factor.view(-1, 1, 1, 1)).detach())
    folded.bias = nn.Parameter((bn.bias + factor * (bias - bn.running_mean)).detach())
    return folded
