"""Stores no entry for the weight where a gap is a multiple of the longest."""

import torch


def relative_indices(mask, *, bits):
    longest, before, gaps, padding = 2**bits - 1, -1, [], []
    for position in mask.flatten().nonzero().flatten().tolist():
        bridges, rest = divmod(position - before, longest)
        gaps += [longest] * bridges
        padding += [True] * bridges
        if rest:
            gaps.append(rest)
            padding.append(False)
        before = position
    return torch.tensor(gaps, dtype=torch.int64), torch.tensor(padding, dtype=torch.bool)
