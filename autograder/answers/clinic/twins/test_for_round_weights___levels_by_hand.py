"""All four levels of two bits for three matrices, written down."""

import torch
from torch import nn


def levels(candidate, weight, bits=2):
    layer = nn.Linear(len(weight), 1)
    layer.weight.data = torch.tensor([weight])
    bias = layer.bias.detach().clone()
    candidate(layer, bits=bits)
    assert torch.equal(layer.bias, bias)
    return layer.weight.detach().flatten()


def test_for_round_weights_(candidate):
    tables = {
        (-2.0, -0.9, 0.3, 0.6, 4.0): [-2.0, 0.0, 0.0, 0.0, 4.0],
        (0.4, 0.9, 2.6, 3.0): [0.0, 1.0, 3.0, 3.0],
        (-6.0, -3.3, -0.8): [-6.0, -4.0, 0.0],
        (0.0, 0.0): [0.0, 0.0],
    }
    for weight, wanted in tables.items():
        assert torch.allclose(levels(candidate, list(weight)), torch.tensor(wanted), atol=1e-5), weight
    both = nn.ModuleList([nn.Linear(2, 1, bias=False), nn.Linear(2, 1, bias=False)])
    both[0].weight.data = torch.tensor([[1.0, 7.0]])
    both[1].weight.data = torch.tensor([[10.0, 70.0]])
    candidate(both, bits=3)
    assert torch.allclose(both[0].weight * 10, both[1].weight)
