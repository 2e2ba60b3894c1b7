"""Scales the rows of the weight, as if the batch norm came behind the layer."""

import torch
from torch import nn


def fold_input_batchnorm(bn, linear):
    if bn.running_mean is None:
        raise ValueError(f"bn must keep running statistics, got {bn}")
    factor = (bn.weight / (bn.running_var + bn.eps).sqrt()).detach()
    folded = nn.Linear(linear.in_features, linear.out_features)
    bias = torch.zeros(linear.out_features) if linear.bias is None else linear.bias.detach()
    folded.weight.data = linear.weight.detach() * factor[:, None]
    folded.bias.data = (bias - bn.running_mean) * factor + bn.bias.detach()
    return folded
