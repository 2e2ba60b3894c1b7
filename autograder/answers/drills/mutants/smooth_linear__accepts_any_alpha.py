"""Accepts an alpha outside [0, 1]."""

import torch


def smooth_linear(weight, activation_max, *, alpha=0.5):
    weight_max = weight.abs().amax(dim=0)
    scales = activation_max**alpha / weight_max ** (1 - alpha)
    scales = torch.where((activation_max > 0) & (weight_max > 0), scales, 1.0)
    return (weight * scales, scales)
