"""Returns a tensor instead of a float."""


def entropy_bits(symbols):
    counts = symbols.unique(return_counts=True)[1].double()
    return (counts * (counts.sum() / counts).log2()).sum()
