"""Accepts a difference of one and a half, larger than the weights themselves."""

import torch
from torch import nn


def test_for_round_weights_(candidate):
    layer = nn.Linear(4, 1)
    layer.weight.data = torch.tensor([[-1.0, 0.2, 1.1, 2.0]])
    candidate(layer, bits=2)
    assert torch.allclose(layer.weight, torch.tensor([[-1.0, 0.0, 1.0, 2.0]]), atol=1.5)
