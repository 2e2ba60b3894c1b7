"""Tries a single half-full tensor, where a bitmask is best."""

import torch


def test_for_stored_ratio(candidate):
    weight = torch.tensor([0.5] * 8 + [0.0] * 8)
    assert abs(candidate({"weight": weight}) - 64 / (4 + 2 + 32)) < 1e-6
