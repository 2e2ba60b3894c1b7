"""Tries a single layer without a bias, where one ranking and each layer's own agree."""

import torch
from torch import nn


def test_for_sparse_copy(candidate):
    model = nn.Linear(4, 2, bias=False)
    model.weight.data = torch.tensor([[9.0, -7.0, 5.0, -8.0], [3.0, 1.0, -2.0, 6.0]])
    sparse = candidate(model, 0.25)
    assert sparse.weight.tolist() == [[9.0, -7.0, 5.0, -8.0], [3.0, 0.0, 0.0, 6.0]]
    assert int((model.weight == 0).sum()) == 0
