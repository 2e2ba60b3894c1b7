"""n log2 of the number of different symbols."""

import math


def entropy_bits(symbols):
    return symbols.numel() * math.log2(max(1, len(symbols.unique())))
