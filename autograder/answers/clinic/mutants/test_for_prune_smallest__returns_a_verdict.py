"""Returns False for a wrong candidate instead of raising an AssertionError."""

import torch


def test_for_prune_smallest(candidate):
    weight = torch.tensor([[3.0, -5.0, -1.0, 2.0], [4.0, -6.0, 7.0, -8.0]])
    before = weight.clone()
    pruned = candidate(weight, 0.35)
    right = pruned.tolist() == [[0.0, -5.0, 0.0, 0.0], [4.0, -6.0, 7.0, -8.0]]
    return right and torch.equal(weight, before) and (candidate(torch.ones(6), 0.5) == 0).sum() == 3
