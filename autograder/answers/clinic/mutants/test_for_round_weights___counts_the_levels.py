"""Counts the different values, which codes satisfy as well as weights."""

from torch import nn


def test_for_round_weights_(candidate):
    layer = nn.Linear(30, 20)
    candidate(layer, bits=4)
    assert len(layer.weight.unique()) <= 16
