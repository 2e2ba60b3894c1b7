"""numpy: every kept weight repeated once for each of its entries."""

import numpy as np
import torch


def relative_indices(mask, *, bits):
    longest = 2**bits - 1
    positions = np.flatnonzero(mask.numpy())
    distance = np.diff(positions, prepend=-1)
    entries = -(-distance // longest)
    is_last = np.zeros(entries.sum(), dtype=bool)
    is_last[np.cumsum(entries) - 1] = True
    gaps = np.full(entries.sum(), longest, dtype=np.int64)
    gaps[is_last] = distance - (entries - 1) * longest
    return torch.from_numpy(gaps), torch.from_numpy(~is_last)
