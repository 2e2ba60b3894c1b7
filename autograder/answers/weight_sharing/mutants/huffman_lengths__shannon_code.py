"""Rounds each symbol's ideal length up, which is Shannon's code and seldom the shortest."""

import math


def huffman_lengths(counts):
    total = sum(counts.values())
    return {symbol: max(1, math.ceil(-math.log2(count / total))) for symbol, count in counts.items()}
