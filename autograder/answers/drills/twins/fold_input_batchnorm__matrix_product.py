"""A diagonal matrix and a copy of the layer."""

import copy

import torch
from torch import nn


def fold_input_batchnorm(bn, linear):
    if bn.running_var is None:
        raise ValueError(f"no running statistics in bn: {bn}")
    factor = torch.rsqrt(bn.running_var + bn.eps) * bn.weight.detach()
    shift = bn.bias.detach() - factor * bn.running_mean
    folded = copy.deepcopy(linear)
    bias = linear.weight.detach() @ shift
    if linear.bias is not None:
        bias = bias + linear.bias.detach()
    folded.weight = nn.Parameter(linear.weight.detach() @ torch.diag(factor))
    folded.bias = nn.Parameter(bias)
    return folded
