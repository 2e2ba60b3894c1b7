"""Marks kept weights with True instead of padding entries."""

import torch


def relative_indices(mask, *, bits):
    longest, before, gaps, kept = 2**bits - 1, -1, [], []
    for position in mask.flatten().nonzero().flatten().tolist():
        gap = position - before
        while gap > longest:
            gaps.append(longest)
            kept.append(False)
            gap -= longest
        gaps.append(gap)
        kept.append(True)
        before = position
    return torch.tensor(gaps, dtype=torch.int64), torch.tensor(kept, dtype=torch.bool)
