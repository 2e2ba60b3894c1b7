"""Returns the bits of one symbol instead of the whole sequence."""


def entropy_bits(symbols):
    p = symbols.unique(return_counts=True)[1].double() / max(1, symbols.numel())
    return float(-(p * p.log2()).sum())
