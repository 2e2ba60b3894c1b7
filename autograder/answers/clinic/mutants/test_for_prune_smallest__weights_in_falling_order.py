"""Uses one example whose first weights are the largest, all positive and in one row."""

import torch


def test_for_prune_smallest(candidate):
    pruned = candidate(torch.tensor([4.0, 3.0, 2.0, 1.0]), 0.5)
    assert pruned.tolist() == [4.0, 3.0, 0.0, 0.0]
