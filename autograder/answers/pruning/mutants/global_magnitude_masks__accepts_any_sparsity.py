"""Accepts a sparsity outside [0, 1] without an error."""

import torch


def global_magnitude_masks(weights, sparsity):
    flat = torch.cat([weight.abs().flatten() for weight in weights.values()])
    mask = torch.ones(flat.numel(), dtype=torch.bool)
    mask[flat.argsort()[: round(sparsity * flat.numel())]] = False
    parts = mask.split([weight.numel() for weight in weights.values()])
    return {name: part.view(weights[name].shape) for name, part in zip(weights, parts, strict=True)}
