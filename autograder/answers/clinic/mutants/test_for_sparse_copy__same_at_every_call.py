"""Checks only that two calls give the same."""

import torch
from torch import nn


def test_for_sparse_copy(candidate):
    model = nn.Linear(20, 10)
    first, second = candidate(model, 0.5), candidate(model, 0.5)
    assert torch.equal(first.weight, second.weight)
    assert torch.equal(first.bias, second.bias)
