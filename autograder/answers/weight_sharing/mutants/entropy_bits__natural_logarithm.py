"""Takes the natural logarithm instead of that to base 2."""


def entropy_bits(symbols):
    counts = symbols.unique(return_counts=True)[1].double()
    p = counts / counts.sum()
    return float(-(counts * p.log()).sum())
