"""Tries the temperature 1 alone, where it changes nothing."""

import math

import torch


def test_for_tempered_loss(candidate):
    student = torch.tensor([[2.0, 1.0]]).log().requires_grad_()
    teacher = torch.tensor([[1.0, 3.0]]).log().requires_grad_()
    loss = candidate(student, teacher, 1.0)
    wanted = math.log(3 / 8) / 4 + math.log(9 / 4) * 3 / 4
    assert math.isclose(loss.item(), wanted, rel_tol=1e-4)
    loss.backward()
    assert teacher.grad is None
