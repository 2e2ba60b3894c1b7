"""-log2 of the frequency, rounded to the nearest: often no prefix code at all."""

import math


def huffman_lengths(counts):
    total = sum(counts.values())
    return {symbol: max(1, round(-math.log2(count / total))) for symbol, count in counts.items()}
