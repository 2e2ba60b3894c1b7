"""Demands that the last of equal weights go, which the contract leaves open."""

import torch


def test_for_prune_smallest(candidate):
    weight = torch.tensor([[3.0, -5.0, -1.0, 2.0], [4.0, -6.0, 7.0, -8.0]])
    before = weight.clone()
    pruned = candidate(weight, 0.35)
    assert pruned.tolist() == [[0.0, -5.0, 0.0, 0.0], [4.0, -6.0, 7.0, -8.0]]
    assert torch.equal(weight, before)
    assert candidate(torch.ones(6), 0.5).tolist() == [1.0, 1.0, 1.0, 0.0, 0.0, 0.0]
