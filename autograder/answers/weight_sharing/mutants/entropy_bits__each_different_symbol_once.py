"""log2(1 / p) added once for each different symbol."""


def entropy_bits(symbols):
    counts = symbols.unique(return_counts=True)[1].double()
    return float((counts.sum() / counts).log2().sum())
