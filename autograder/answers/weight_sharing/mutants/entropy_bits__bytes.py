"""Returns bytes instead of bits."""


def entropy_bits(symbols):
    counts = symbols.unique(return_counts=True)[1].double()
    return float((counts * (counts.sum() / counts).log2()).sum()) / 8
