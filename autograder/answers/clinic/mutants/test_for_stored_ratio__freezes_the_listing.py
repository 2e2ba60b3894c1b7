"""Freezes what the listing gives: eight weights, one kept, eight times smaller."""

import torch


def test_for_stored_ratio(candidate):
    weight = torch.tensor([0.5] + [0.0] * 7)
    assert abs(candidate({"weight": weight}) - 8.0) < 1e-6
