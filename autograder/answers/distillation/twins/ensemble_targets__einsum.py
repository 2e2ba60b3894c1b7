"""Stacked, softened once, einsum."""

import torch


def ensemble_targets(teacher_logits, temperature, weights=None):
    share = torch.full((len(teacher_logits),), 1 / len(teacher_logits))
    if weights is not None:
        share = torch.as_tensor(weights, dtype=torch.float32) / float(sum(weights))
    return torch.einsum("m,mnc->nc", share, (torch.stack(list(teacher_logits)) / temperature).softmax(dim=2))
