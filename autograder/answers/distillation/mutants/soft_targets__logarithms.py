"""Returns logarithms of the probabilities."""

import torch


def soft_targets(logits, temperature):
    if not temperature > 0:
        raise ValueError(f"temperature must be above 0, got {temperature}")
    return torch.log_softmax(logits / temperature, dim=-1)
