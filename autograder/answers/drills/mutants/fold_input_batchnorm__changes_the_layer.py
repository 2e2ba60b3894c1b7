"""Writes into the linear layer it was given."""

from torch import nn


def fold_input_batchnorm(bn, linear):
    if bn.running_mean is None:
        raise ValueError(f"bn must keep running statistics, got {bn}")
    factor = bn.weight / (bn.running_var + bn.eps).sqrt()
    shift = linear.weight @ (bn.bias - bn.running_mean * factor)
    bias = shift if linear.bias is None else linear.bias + shift
    linear.weight.data = linear.weight.data * factor
    linear.bias = nn.Parameter(bias.detach())
    return linear
