"""Returns float tensors when no weight is kept."""

import torch


def relative_indices(mask, *, bits):
    longest, before, gaps, padding = 2**bits - 1, -1, [], []
    for position in mask.flatten().nonzero().flatten().tolist():
        gap = position - before
        while gap > longest:
            gaps.append(longest)
            padding.append(True)
            gap -= longest
        gaps.append(gap)
        padding.append(False)
        before = position
    return torch.tensor(gaps), torch.tensor(padding)
