"""Counts positions column by column instead of row by row."""

import torch


def relative_indices(mask, *, bits):
    longest, before, gaps, padding = 2**bits - 1, -1, [], []
    for position in mask.transpose(0, -1).flatten().nonzero().flatten().tolist():
        gap = position - before
        while gap > longest:
            gaps.append(longest)
            padding.append(True)
            gap -= longest
        gaps.append(gap)
        padding.append(False)
        before = position
    return torch.tensor(gaps, dtype=torch.int64), torch.tensor(padding, dtype=torch.bool)
