"""searchsorted says where a value would be inserted, which is the entry above it."""

import torch


def nearest_code(values, codebook):
    return torch.searchsorted(codebook, values.contiguous()).clamp(max=len(codebook) - 1)
