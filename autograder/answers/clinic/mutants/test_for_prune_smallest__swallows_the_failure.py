"""Catches every exception, its own failures among them, and returns as if all were well."""

import torch


def test_for_prune_smallest(candidate):
    weight = torch.tensor([[3.0, -5.0, -1.0, 2.0], [4.0, -6.0, 7.0, -8.0]])
    try:
        pruned = candidate(weight, 0.35)
        assert pruned.tolist() == [[0.0, -5.0, 0.0, 0.0], [4.0, -6.0, 7.0, -8.0]]
    except Exception as error:
        print("something is wrong:", error)
