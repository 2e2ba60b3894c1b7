"""Returns weights that are NaN."""

import torch


def train_in_budget(images, labels, *, max_bytes, generator):
    hidden = (max_bytes // 4 - 10) // 795
    first = torch.full((hidden, 784), float("nan"))
    second = torch.full((10, hidden), float("nan"))
    return [(first, torch.zeros(hidden)), (second, torch.zeros(10))]
