"""Counts the weights that are not zero, as if their positions cost nothing."""


def stored_ratio(weights):
    total = sum(tensor.numel() for tensor in weights.values())
    remaining = sum(int((tensor != 0).sum()) for tensor in weights.values())
    return total / remaining
