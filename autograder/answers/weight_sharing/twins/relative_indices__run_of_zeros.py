"""One pass over the mask; entries behind the last weight are taken off again. A list instead of a tuple."""

import torch


def relative_indices(mask, *, bits):
    longest, run, gaps, padding = 2**bits - 1, 0, [], []
    for kept in mask.flatten().tolist():
        run += 1
        if kept or run == longest:
            gaps.append(run)
            padding.append(not kept)
            run = 0
    while padding and padding[-1]:
        gaps.pop()
        padding.pop()
    return [torch.tensor(gaps, dtype=torch.long), torch.tensor(padding, dtype=torch.bool)]
