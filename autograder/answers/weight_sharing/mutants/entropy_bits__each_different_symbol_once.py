"""Adds the bits of each different symbol once, however often it occurs."""


def entropy_bits(symbols):
    counts = symbols.unique(return_counts=True)[1].double()
    return float((counts.sum() / counts).log2().sum())
