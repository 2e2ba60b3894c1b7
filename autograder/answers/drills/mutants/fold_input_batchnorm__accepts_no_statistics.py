"""Does not notice a batch norm without running statistics."""

import torch
import torch.nn.functional as F
from torch import nn


def fold_input_batchnorm(bn, linear):
    factor = bn.weight / (bn.running_var + bn.eps).sqrt()
    shift = bn.bias - bn.running_mean * factor
    folded = nn.Linear(linear.in_features, linear.out_features)
    with torch.no_grad():
        folded.weight.copy_(linear.weight * factor)
        folded.bias.copy_(F.linear(shift, linear.weight, linear.bias))
    return folded
