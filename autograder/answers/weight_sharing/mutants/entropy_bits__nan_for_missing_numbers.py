"""bincount counts the numbers that do not occur, and 0 * log2(0) is NaN."""

import torch


def entropy_bits(symbols):
    counts = torch.bincount(symbols).double()
    return float(-(counts * (counts / counts.sum()).log2()).sum())
