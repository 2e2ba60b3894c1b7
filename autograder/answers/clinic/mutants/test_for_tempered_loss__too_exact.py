"""Compares with 16 decimals, which float32 does not have."""

import math

import torch


def test_for_tempered_loss(candidate):
    student = (3.0 * torch.tensor([[2.0, 1.0]]).log()).requires_grad_()
    teacher = (3.0 * torch.tensor([[1.0, 3.0]]).log()).requires_grad_()
    loss = candidate(student, teacher, 3.0)
    assert loss.item() == 9 * (math.log(3 / 8) / 4 + math.log(9 / 4) * 3 / 4)
    loss.backward()
    assert teacher.grad is None
