"""Calls the candidate and prints the result, but asserts nothing."""

import torch


def test_for_prune_smallest(candidate):
    weight = torch.tensor([0.3, -0.2, 0.1, -0.4])
    print("pruned:", candidate(weight, 0.5))
