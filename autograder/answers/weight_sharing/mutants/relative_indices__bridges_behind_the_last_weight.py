"""Stores padding for the zeros behind the last kept weight."""

import torch


def relative_indices(mask, *, bits):
    longest, run, gaps, padding = 2**bits - 1, 0, [], []
    for kept in mask.flatten().tolist():
        run += 1
        if kept or run == longest:
            gaps.append(run)
            padding.append(not kept)
            run = 0
    return torch.tensor(gaps, dtype=torch.int64), torch.tensor(padding, dtype=torch.bool)
