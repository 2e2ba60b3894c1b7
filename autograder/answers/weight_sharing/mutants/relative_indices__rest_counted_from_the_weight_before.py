"""Adds padding entries without subtracting them from the gap."""

import torch


def relative_indices(mask, *, bits):
    longest, before, gaps, padding = 2**bits - 1, -1, [], []
    for position in mask.flatten().nonzero().flatten().tolist():
        gap = position - before
        for _ in range((gap - 1) // longest):
            gaps.append(longest)
            padding.append(True)
        gaps.append(min(gap, longest))
        padding.append(False)
        before = position
    return torch.tensor(gaps, dtype=torch.int64), torch.tensor(padding, dtype=torch.bool)
