"""The gradient has a closed form: T (q - p) over the batch."""

import torch


def test_for_tempered_loss(candidate):
    generator = torch.Generator().manual_seed(2)
    for temperature in (2.0, 5.0):
        student = torch.randn(6, 4, generator=generator, dtype=torch.float32).mul(3).requires_grad_()
        teacher = torch.randn(6, 4, generator=generator).mul(3).requires_grad_()
        candidate(student, teacher, temperature).backward()
        with torch.no_grad():
            p, q = (teacher / temperature).softmax(1), (student / temperature).softmax(1)
        assert teacher.grad is None
        assert torch.allclose(student.grad, temperature * (q - p) / 6, atol=1e-4)
        value = candidate(student, teacher, temperature).item()
        wanted = temperature**2 * (p * (p / q).log()).sum(1).mean().item()
        assert abs(value - wanted) < 1e-3
