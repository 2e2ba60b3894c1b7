"""Gives every symbol the same whole number of bits."""

import math


def entropy_bits(symbols):
    return float(symbols.numel() * math.ceil(math.log2(max(1, len(symbols.unique())))))
