"""Counts numbers that do not occur, which gives NaN."""

import torch


def entropy_bits(symbols):
    counts = torch.bincount(symbols).double()
    return float(-(counts * (counts / counts.sum()).log2()).sum())
