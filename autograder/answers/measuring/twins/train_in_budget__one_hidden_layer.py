"""Twenty hidden units, plain loops, Adam with a cosine."""

import math

import torch
import torch.nn.functional as F


def train_in_budget(images, labels, *, max_bytes, generator):
    hidden = (max_bytes // 4 - 10) // 795
    layers = [
        (torch.randn(hidden, 784, generator=generator) * (2 / 784) ** 0.5, torch.zeros(hidden)),
        (torch.randn(10, hidden, generator=generator) * (2 / hidden) ** 0.5, torch.zeros(10)),
    ]
    parameters = [tensor.requires_grad_() for layer in layers for tensor in layer]
    optimizer = torch.optim.Adam(parameters, lr=0.01)
    steps = 10 * max(1, len(images) // 256)
    for step in range(steps):
        optimizer.param_groups[0]["lr"] = 0.01 * (1 + math.cos(math.pi * step / steps)) / 2
        batch = torch.randint(len(images), (256,), generator=generator)
        x = F.linear(F.relu(F.linear(images[batch], *layers[0])), *layers[1])
        loss = F.cross_entropy(x, labels[batch])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return [(weight.detach(), bias.detach()) for weight, bias in layers]
