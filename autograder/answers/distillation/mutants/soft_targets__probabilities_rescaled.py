"""Divides probabilities by the temperature and normalises again, so that it cancels."""

import torch


def soft_targets(logits, temperature):
    if not temperature > 0:
        raise ValueError(f"temperature must be above 0, got {temperature}")
    scaled = torch.softmax(logits, dim=-1) / temperature
    return scaled / scaled.sum(dim=-1, keepdim=True)
