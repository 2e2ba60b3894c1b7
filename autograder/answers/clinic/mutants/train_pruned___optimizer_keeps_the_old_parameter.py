"""Replaces the parameter behind the optimizer's back, so the weights that count are never trained."""

import torch
import torch.nn.functional as F
from torch import nn


def train_pruned_(layer, mask, batches, *, lr):
    sgd = torch.optim.SGD(layer.parameters(), lr, 0.9)
    layer.weight = nn.Parameter(layer.weight.detach() * mask)
    for x, y in batches:
        layer.zero_grad()
        F.cross_entropy(layer(x), y).backward()
        sgd.step()
