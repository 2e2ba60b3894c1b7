"""Checks only that more zeros give a larger ratio."""

import torch


def test_for_stored_ratio(candidate):
    ratios = []
    for kept in (90, 50, 10):
        weight = torch.zeros(100)
        weight[:kept] = 1.0
        ratios.append(candidate({"weight": weight}))
    assert ratios == sorted(ratios)
