"""Checks only that the loss is 0 where student and teacher agree."""

import torch


def test_for_tempered_loss(candidate):
    logits = torch.tensor([[1.0, -2.0, 0.5], [0.0, 3.0, 1.0]])
    for temperature in (1.0, 2.0, 8.0):
        assert abs(candidate(logits, logits.clone(), temperature).item()) < 1e-5
