"""The entropy of the distribution, not of the sequence."""


def entropy_bits(symbols):
    p = symbols.unique(return_counts=True)[1].double() / max(1, symbols.numel())
    return float(-(p * p.log2()).sum())
