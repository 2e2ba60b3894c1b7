"""-log2 of the frequency, rounded up: a prefix code, but seldom the shortest."""

import math


def huffman_lengths(counts):
    total = sum(counts.values())
    return {symbol: max(1, math.ceil(-math.log2(count / total))) for symbol, count in counts.items()}
