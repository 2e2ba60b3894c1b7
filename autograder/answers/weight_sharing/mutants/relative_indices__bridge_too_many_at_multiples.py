"""Adds one padding entry too many where a gap is a multiple of the longest."""

import torch


def relative_indices(mask, *, bits):
    longest, before, gaps, padding = 2**bits - 1, -1, [], []
    for position in mask.flatten().nonzero().flatten().tolist():
        gap = position - before
        while gap >= longest and longest > 1:
            gaps.append(longest)
            padding.append(True)
            gap -= longest
        gaps.append(gap)
        padding.append(False)
        before = position
    return torch.tensor(gaps, dtype=torch.int64), torch.tensor(padding, dtype=torch.bool)
