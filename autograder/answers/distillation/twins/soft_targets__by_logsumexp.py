"""exp(z / T - logsumexp(z / T))."""

import torch


def soft_targets(logits, temperature):
    if temperature <= 0:
        raise ValueError("the temperature " + str(temperature) + " is not positive")
    scaled = logits / temperature
    return torch.exp(scaled - torch.logsumexp(scaled, dim=1, keepdim=True))
