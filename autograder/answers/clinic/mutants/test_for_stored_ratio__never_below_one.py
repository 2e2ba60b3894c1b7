"""Demands a ratio of at least 1, which the four bytes of an unpruned tensor forbid."""

import torch


def test_for_stored_ratio(candidate):
    assert candidate({"weight": torch.ones(50)}) >= 1
    weight = torch.tensor([0.5] * 8 + [0.0] * 8)
    assert abs(candidate({"weight": weight}) - 64 / (4 + 2 + 32)) < 1e-6
