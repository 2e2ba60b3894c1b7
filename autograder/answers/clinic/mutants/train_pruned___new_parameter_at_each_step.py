"""Puts a new parameter in the layer at each step, so the momentum is lost and the old one is orphaned."""

import torch
import torch.nn.functional as F
from torch import nn


def train_pruned_(layer, mask, batches, *, lr):
    layer.weight = nn.Parameter(layer.weight.detach() * mask)
    for x, y in batches:
        sgd = torch.optim.SGD(layer.parameters(), lr, 0.9)
        sgd.zero_grad()
        F.cross_entropy(layer(x), y).backward()
        sgd.step()
        layer.weight = nn.Parameter(layer.weight.detach() * mask)
