"""Never clears the gradients, so each step repeats those before it."""

import torch
import torch.nn.functional as F


def train_pruned_(layer, mask, batches, *, lr):
    layer.weight.data *= mask
    sgd = torch.optim.SGD(layer.parameters(), lr, 0.9)
    for x, y in batches:
        F.cross_entropy(layer(x), y).backward()
        sgd.step()
        layer.weight.data *= mask
