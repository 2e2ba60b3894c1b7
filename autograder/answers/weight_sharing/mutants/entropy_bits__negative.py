"""Returns the entropy with a negative sign."""


def entropy_bits(symbols):
    counts = symbols.unique(return_counts=True)[1].double()
    return float((counts * (counts / counts.sum()).log2()).sum())
