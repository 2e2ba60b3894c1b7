"""Forgets that the scales take bytes, too."""

import math

import torch


def rounded(weight, bits, steps=1):
    """Codes and scales of least error among a few."""
    top = 2 ** (bits - 1) - 1
    rows = weight.flatten(1)
    widest = rows.abs().amax(dim=1).clamp(min=1e-12) / top
    least = torch.full_like(widest, math.inf)
    best, scales = torch.zeros_like(rows), widest.clone()
    for factor in torch.linspace(1.0, 0.4, steps):
        tried = widest * factor
        codes = torch.round(rows / tried[:, None]).clamp(-top, top)
        error = (codes * tried[:, None] - rows).square().sum(dim=1)
        better = error < least
        least[better], best[better], scales[better] = error[better], codes[better], tried[better]
    return best.to(torch.int8).view(weight.shape), scales


def weights_of(model):
    return {name: p.detach() for name, p in model.named_parameters() if p.dim() >= 2}


def size(weight, bits):
    return math.ceil(weight.numel() * bits / 8)


def quantize_in_budget(model, images, *, max_bytes):
    weights = weights_of(model)
    bits = 8
    while sum(size(w, bits) for w in weights.values()) > max_bytes + 1100:
        bits -= 1
    wide = {name: 8 if weight.numel() < 800 else bits for name, weight in weights.items()}
    return {name: rounded(weight, wide[name]) for name, weight in weights.items()}
