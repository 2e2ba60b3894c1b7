"""Begins to count anew in every row."""

import torch


def relative_indices(mask, *, bits):
    longest, gaps, padding = 2**bits - 1, [], []
    for row in mask.reshape(-1, mask.shape[-1] if mask.numel() else 1):
        before = -1
        for position in row.nonzero().flatten().tolist():
            gap = position - before
            while gap > longest:
                gaps.append(longest)
                padding.append(True)
                gap -= longest
            gaps.append(gap)
            padding.append(False)
            before = position
    return torch.tensor(gaps, dtype=torch.int64), torch.tensor(padding, dtype=torch.bool)
