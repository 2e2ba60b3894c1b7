"""A list over the neurons."""

import torch


def neuron_mask(weight, threshold):
    if threshold < 0:
        raise ValueError(f"threshold must be at least 0, got {threshold}")
    return torch.tensor([neuron.abs().mean().item() > threshold for neuron in weight])
