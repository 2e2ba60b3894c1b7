"""Plain numpy, channel by channel."""

import copy

import numpy as np
import torch


def fold_batchnorm(conv, bn):
    weight = conv.weight.detach().numpy().copy()
    old = np.zeros(len(weight)) if conv.bias is None else conv.bias.detach().numpy()
    gamma, beta = bn.weight.detach().numpy(), bn.bias.detach().numpy()
    mean, variance = bn.running_mean.numpy(), bn.running_var.numpy()
    bias = np.empty(len(weight), dtype=np.float32)
    for out in range(len(weight)):
        factor = gamma[out] / np.sqrt(variance[out] + bn.eps)
        weight[out] *= factor
        bias[out] = beta[out] + factor * (old[out] - mean[out])
    folded = copy.deepcopy(conv)
    folded.weight.data = torch.from_numpy(weight)
    folded.bias = torch.nn.Parameter(torch.from_numpy(bias))
    return folded
