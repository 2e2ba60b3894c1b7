"""A hook masks each gradient of the weight as it comes."""

import torch
from torch import nn


def train_pruned_(layer, mask, batches, *, lr):
    hook = layer.weight.register_hook(lambda grad: grad * mask)
    layer.weight.data.copy_(torch.where(mask, layer.weight.data, 0.0))
    optimizer = torch.optim.SGD(layer.parameters(), lr=lr, momentum=0.9)
    for inputs, labels in batches:
        optimizer.zero_grad()
        nn.CrossEntropyLoss()(layer(inputs), labels).backward()
        optimizer.step()
    hook.remove()
