"""Returns transposed weights, of shape (in, out)."""

import torch


def train_in_budget(images, labels, *, max_bytes, generator):
    hidden = (max_bytes // 4 - 10) // 795
    first = torch.randn(784, hidden, generator=generator) / 28
    second = torch.randn(hidden, 10, generator=generator) / 10
    return [(first, torch.zeros(hidden)), (second, torch.zeros(10))]
