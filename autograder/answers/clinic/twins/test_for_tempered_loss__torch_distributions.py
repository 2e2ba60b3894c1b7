"""torch.distributions as the oracle."""

import torch
from torch.distributions import Categorical, kl_divergence


def test_for_tempered_loss(candidate):
    torch.manual_seed(4)
    student, teacher = torch.randn(2, 9, 5) * 2
    learner = student.clone().requires_grad_()
    master = teacher.clone().requires_grad_()
    for temperature in (0.5, 4.0):
        kl = kl_divergence(
            Categorical(logits=teacher / temperature), Categorical(logits=student / temperature)
        )
        loss = candidate(learner, master, temperature)
        torch.testing.assert_close(loss, temperature**2 * kl.mean(), rtol=1e-3, atol=1e-5)
        loss.backward()
    assert master.grad is None and learner.grad is not None
