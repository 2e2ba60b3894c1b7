"""Computes the entropy of the differences between neighbours."""


def entropy_bits(symbols):
    counts = symbols.diff(prepend=symbols[:1]).unique(return_counts=True)[1].double()
    return float((counts * (counts.sum() / counts).log2()).sum())
