"""Takes all symbols for equally frequent."""

import math


def entropy_bits(symbols):
    return symbols.numel() * math.log2(max(1, len(symbols.unique())))
