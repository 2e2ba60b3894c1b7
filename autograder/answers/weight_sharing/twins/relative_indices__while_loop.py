"""Positions and a while loop."""

import torch


def relative_indices(mask, *, bits):
    longest = (1 << bits) - 1
    gaps, padding, last = [], [], -1
    for position in torch.nonzero(mask.reshape(-1)).squeeze(1).tolist():
        while position - last > longest:
            last += longest
            gaps.append(longest)
            padding.append(True)
        gaps.append(position - last)
        padding.append(False)
        last = position
    return torch.LongTensor(gaps), torch.BoolTensor(padding)
