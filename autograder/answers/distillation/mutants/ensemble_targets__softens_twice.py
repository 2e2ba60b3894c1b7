"""Averages probabilities and then applies a softmax with the temperature to them."""

import torch


def ensemble_targets(teacher_logits, temperature, weights=None):
    weights = torch.ones(len(teacher_logits)) if weights is None else torch.tensor(weights).float()
    each = torch.stack([torch.softmax(logits, dim=-1) for logits in teacher_logits])
    share = (weights / weights.sum()).view(-1, 1, 1)
    return torch.softmax((share * each).sum(dim=0) / temperature, dim=-1)
