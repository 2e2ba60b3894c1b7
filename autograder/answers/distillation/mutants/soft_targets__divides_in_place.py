"""Divides the logits that were passed in."""

import torch


def soft_targets(logits, temperature):
    if not temperature > 0:
        raise ValueError(f"temperature must be above 0, got {temperature}")
    return torch.softmax(logits.div_(temperature), dim=-1)
