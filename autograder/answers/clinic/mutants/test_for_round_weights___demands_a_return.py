"""Demands that the model be returned, though the function works in place."""

import torch
from torch import nn


def test_for_round_weights_(candidate):
    layer = nn.Linear(4, 1)
    layer.weight.data = torch.tensor([[-1.0, 0.2, 1.1, 2.0]])
    rounded = candidate(layer, bits=2)
    assert rounded is not None
    assert rounded.weight.tolist() == [[-1.0, 0.0, 1.0, 2.0]]
