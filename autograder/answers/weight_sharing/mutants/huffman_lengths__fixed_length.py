"""As many bits for each symbol as the largest number of symbols needs."""

import math


def huffman_lengths(counts):
    return dict.fromkeys(counts, max(1, math.ceil(math.log2(len(counts)))))
