"""Assigns the product of weight and mask, a plain tensor, where a Parameter has to stand."""

import torch
import torch.nn.functional as F


def train_pruned_(layer, mask, batches, *, lr):
    sgd = torch.optim.SGD(layer.parameters(), lr, 0.9)
    for x, y in batches:
        layer.weight = layer.weight * mask
        sgd.zero_grad()
        F.cross_entropy(layer(x), y).backward()
        sgd.step()
