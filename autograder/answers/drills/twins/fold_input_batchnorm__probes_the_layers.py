"""Reads the folded layer off its answers to zero and to unit vectors."""

import torch
import torch.nn.functional as F
from torch import nn


def fold_input_batchnorm(bn, linear):
    if bn.running_mean is None:
        raise ValueError(f"bn needs track_running_stats, got {bn}")

    def both(x):
        normed = F.batch_norm(x, bn.running_mean, bn.running_var, bn.weight, bn.bias, False, 0.0, bn.eps)
        return linear(normed)

    with torch.no_grad():
        zero = both(torch.zeros(1, linear.in_features))
        columns = both(torch.eye(linear.in_features)) - zero
        folded = nn.Linear(linear.in_features, linear.out_features)
        folded.weight.copy_(columns.T)
        folded.bias.copy_(zero[0])
    return folded
