"""Gives the ratio 1 where there is nothing to store."""


def stored_ratio(weights):
    if not weights:
        return 1.0
    stored = dense = 0
    for weight in weights.values():
        size, kept = weight.numel(), int(weight.count_nonzero())
        stored += 4 + min(4 * size, -(-size // 8) + 4 * kept, 8 * kept)
        dense += 4 * size
    return dense / stored
