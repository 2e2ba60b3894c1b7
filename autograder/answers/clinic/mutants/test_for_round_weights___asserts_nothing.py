"""Rounds a layer and checks nothing."""

from torch import nn


def test_for_round_weights_(candidate):
    candidate(nn.Linear(4, 3), bits=4)
