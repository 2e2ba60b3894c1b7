"""Two hidden layers of one width, SGD with momentum, pairs as lists."""

import torch
import torch.nn.functional as F
from torch import nn


def train_in_budget(images, labels, *, max_bytes, generator):
    width = 1
    while 4 * (785 * (width + 1) + (width + 2) * (width + 1) + 10 * (width + 2)) <= max_bytes:
        width += 1
    torch.manual_seed(int(torch.randint(1000, (), generator=generator)))
    model = nn.Sequential(
        nn.Linear(784, width), nn.ReLU(), nn.Linear(width, width), nn.ReLU(), nn.Linear(width, 10)
    )
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9, weight_decay=1e-4)
    epochs = 10
    for epoch in range(epochs):
        optimizer.param_groups[0]["lr"] = 0.1 * (1 - epoch / epochs)
        order = torch.randperm(len(images), generator=generator)
        for start in range(0, len(order), 200):
            batch = order[start : start + 200]
            loss = F.cross_entropy(model(images[batch]), labels[batch])
            model.zero_grad()
            loss.backward()
            optimizer.step()
    layers = [layer for layer in model if isinstance(layer, nn.Linear)]
    return [[layer.weight.data, layer.bias.data] for layer in layers]
