"""Rounds the bound up to whole bits."""

import math


def entropy_bits(symbols):
    counts = symbols.unique(return_counts=True)[1].double()
    return float(math.ceil((counts * (counts.sum() / counts).log2()).sum()))
