"""Computes the loss and its gradient and is content."""

import torch


def test_for_tempered_loss(candidate):
    student = torch.randn(4, 3, requires_grad=True)
    candidate(student, torch.randn(4, 3), 2.0).backward()
