"""8 does not fit into 3 bits; Han's figure writes it, but with 0 .. 7 for 1 .. 8."""

import torch


def relative_indices(mask, *, bits):
    longest, before, gaps, padding = 2**bits, -1, [], []
    for position in mask.flatten().nonzero().flatten().tolist():
        gap = position - before
        while gap > longest:
            gaps.append(longest)
            padding.append(True)
            gap -= longest
        gaps.append(gap)
        padding.append(False)
        before = position
    return torch.tensor(gaps, dtype=torch.int64), torch.tensor(padding, dtype=torch.bool)
