"""Quantizes with nine bits where nobody says how many, so that it cuts less than eight bits want."""

import math

import torch


def mse_range(x, *, bits=9, steps=100):
    least, best = math.inf, (0.0, 0.0)
    for step in range(1, steps + 1):
        low, high = x.min().item() * step / steps, x.max().item() * step / steps
        scale = (max(high, 0.0) - min(low, 0.0)) / (2**bits - 1) or 1.0
        zero = round(-min(low, 0.0) / scale)
        codes = (torch.round(x / scale) + zero).clamp(0, 2**bits - 1)
        error = ((codes - zero) * scale - x).double().square().mean().item()
        if error <= least:
            least, best = error, (low, high)
    return best
