"""Cuts the temperature off to a whole number."""

import torch


def soft_targets(logits, temperature):
    if not temperature > 0:
        raise ValueError(f"temperature must be above 0, got {temperature}")
    return torch.softmax(logits / max(1, int(temperature)), dim=-1)
