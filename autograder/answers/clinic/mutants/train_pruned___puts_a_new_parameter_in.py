"""Puts a new parameter in the layer and prunes it once, so the pruned weights grow back."""

import torch
import torch.nn.functional as F
from torch import nn


def train_pruned_(layer, mask, batches, *, lr):
    layer.weight = nn.Parameter(layer.weight * mask)  # without nn.Parameter: TypeError
    sgd = torch.optim.SGD(layer.parameters(), lr, 0.9)
    for x, y in batches:
        loss = F.cross_entropy(layer(x), y)
        sgd.zero_grad()
        loss.backward()
        sgd.step()
