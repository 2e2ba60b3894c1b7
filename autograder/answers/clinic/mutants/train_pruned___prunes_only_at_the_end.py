"""Trains the dense layer and prunes it at the end, so what stays has learnt beside what went."""

import torch
import torch.nn.functional as F


def train_pruned_(layer, mask, batches, *, lr):
    sgd = torch.optim.SGD(layer.parameters(), lr, 0.9)
    for x, y in batches:
        sgd.zero_grad()
        F.cross_entropy(layer(x), y).backward()
        sgd.step()
    layer.weight.data *= mask
