"""Checks the value, and not whether a gradient reaches the teacher."""

import math

import torch


def test_for_tempered_loss(candidate):
    student = 3.0 * torch.tensor([[2.0, 1.0]]).log()
    teacher = 3.0 * torch.tensor([[1.0, 3.0]]).log()
    wanted = 9 * (math.log(3 / 8) / 4 + math.log(9 / 4) * 3 / 4)
    assert math.isclose(candidate(student, teacher, 3.0).item(), wanted, rel_tol=1e-4)
