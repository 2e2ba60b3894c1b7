"""Forgets channels whose weights are all zero."""

import torch


def smooth_linear(weight, activation_max, *, alpha=0.5):
    if not 0 <= alpha <= 1:
        raise ValueError(f"alpha must lie in [0, 1], got {alpha}")
    weight_max = weight.abs().amax(dim=0)
    scales = activation_max**alpha / weight_max ** (1 - alpha)
    scales = torch.where(activation_max > 0, scales, 1.0)
    return (weight * scales, scales)
