"""Uses a matrix whose weights are their own codes, so that nothing can go wrong."""

import torch
from torch import nn


def test_for_round_weights_(candidate):
    layer = nn.Linear(4, 1)
    layer.weight.data = torch.tensor([[0.0, 1.0, 2.0, 3.0]])
    candidate(layer, bits=2)
    assert layer.weight.tolist() == [[0.0, 1.0, 2.0, 3.0]]
