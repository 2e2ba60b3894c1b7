"""A loop; of two equally near entries the last."""

import torch


def nearest_code(values, codebook):
    entries = codebook.tolist()
    codes = []
    for value in values.flatten().tolist():
        best = 0
        for code, entry in enumerate(entries):
            if abs(value - entry) <= abs(value - entries[best]):
                best = code
        codes.append(best)
    return torch.tensor(codes, dtype=torch.long).reshape(values.shape)
