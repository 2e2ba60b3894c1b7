"""Overwrites the list of weights that was passed in."""

import torch


def ensemble_targets(teacher_logits, temperature, weights=None):
    weights = [1.0] * len(teacher_logits) if weights is None else weights
    total = sum(weights)
    for at in range(len(weights)):
        weights[at] /= total
    pairs = zip(weights, teacher_logits, strict=True)
    return sum(weight * torch.softmax(logits / temperature, -1) for weight, logits in pairs)
