"""Half-way borders between sorted neighbours, and the way back to the given order."""

import torch


def nearest_code(values, codebook):
    ordered, order = torch.sort(codebook)
    borders = (ordered[1:] + ordered[:-1]) / 2
    return order[torch.searchsorted(borders, values.contiguous(), right=True)]
