"""Applies the temperature to probabilities instead of logits."""

import torch


def soft_targets(logits, temperature):
    if not temperature > 0:
        raise ValueError(f"temperature must be above 0, got {temperature}")
    return torch.softmax(torch.softmax(logits, dim=-1) / temperature, dim=-1)
