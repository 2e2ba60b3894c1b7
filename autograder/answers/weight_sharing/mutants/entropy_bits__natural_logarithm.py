"""Nats for the whole sequence."""


def entropy_bits(symbols):
    counts = symbols.unique(return_counts=True)[1].double()
    p = counts / counts.sum()
    return float(-(counts * p.log()).sum())
