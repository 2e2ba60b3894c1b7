"""A Counter and math.log2; refuses an empty sequence."""

import math
from collections import Counter


def entropy_bits(symbols):
    if len(symbols) == 0:
        raise ValueError("symbols must not be empty")
    counts = Counter(symbols.tolist())
    return -sum(count * math.log2(count / len(symbols)) for count in counts.values())
