"""Rounds each symbol's ideal length to the nearest whole number."""

import math


def huffman_lengths(counts):
    total = sum(counts.values())
    return {symbol: max(1, round(-math.log2(count / total))) for symbol, count in counts.items()}
