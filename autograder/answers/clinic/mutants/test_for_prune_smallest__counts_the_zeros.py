"""Checks the shape and the number of zeros, and not which weights are gone."""

import torch


def test_for_prune_smallest(candidate):
    weight = torch.randn(6, 5)
    pruned = candidate(weight, 0.5)
    assert pruned.shape == weight.shape
    assert (pruned == 0).sum() == 15
