"""Stores a position with every kept weight, also where another layout is smaller."""


def stored_ratio(weights):
    if not weights:
        raise ValueError("weights is empty")
    stored = dense = 0
    for weight in weights.values():
        size, kept = weight.numel(), int(weight.count_nonzero())
        stored += 4 + 8 * kept
        dense += 4 * size
    return dense / stored
