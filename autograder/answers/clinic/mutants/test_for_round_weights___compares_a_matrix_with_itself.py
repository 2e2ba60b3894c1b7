"""Keeps a view of the weights instead of a copy, and compares them with themselves."""

import torch
from torch import nn


def test_for_round_weights_(candidate):
    layer = nn.Linear(8, 8)
    before = layer.weight.data
    candidate(layer, bits=8)
    assert torch.allclose(layer.weight.data, before, atol=0.01)
