"""Gives every symbol the same length."""

import math


def huffman_lengths(counts):
    return dict.fromkeys(counts, max(1, math.ceil(math.log2(len(counts)))))
