"""Pruned once; masked gradients keep weight and momentum at zero from then on."""

import torch
import torch.nn.functional as F


def train_pruned_(layer, mask, batches, *, lr):
    with torch.no_grad():
        layer.weight[~mask] = 0.0
    optimizer = torch.optim.SGD([layer.weight, layer.bias], lr=lr, momentum=0.9)
    for inputs, labels in batches:
        layer.zero_grad()
        F.cross_entropy(layer(inputs), labels).backward()
        layer.weight.grad.masked_fill_(~mask, 0.0)
        optimizer.step()
