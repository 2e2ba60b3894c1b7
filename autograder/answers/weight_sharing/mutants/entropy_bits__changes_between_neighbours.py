"""The entropy of the differences: an order that should not matter."""


def entropy_bits(symbols):
    counts = symbols.diff(prepend=symbols[:1]).unique(return_counts=True)[1].double()
    return float((counts * (counts.sum() / counts).log2()).sum())
