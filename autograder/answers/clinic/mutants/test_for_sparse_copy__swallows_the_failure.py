"""Wraps its comparison in a try whose except only prints."""

import torch
from torch import nn


def test_for_sparse_copy(candidate):
    model = nn.Linear(4, 2)
    model.weight.data = torch.tensor([[9.0, -7.0, 5.0, -8.0], [3.0, 1.0, -2.0, 6.0]])
    try:
        assert candidate(model, 0.25).weight.tolist() == [[9.0, -7.0, 5.0, -8.0], [3.0, 0.0, 0.0, 6.0]]
    except Exception as error:
        print(error)
