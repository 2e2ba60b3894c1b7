"""n log2 n minus the sum of c log2 c; a numpy float."""

import numpy as np


def entropy_bits(symbols):
    _, counts = np.unique(symbols.numpy(), return_counts=True)
    n = counts.sum()
    return np.float64(n * np.log2(max(n, 1)) - (counts * np.log2(counts)).sum())
