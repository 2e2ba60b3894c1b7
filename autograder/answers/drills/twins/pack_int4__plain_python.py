"""Bytes in plain Python."""

import torch


def pack_int4(codes):
    values = codes.tolist()
    for value in values:
        if not -8 <= value <= 7:
            raise ValueError(f"the codes hold {value}, which four bits do not")
    values += [0] * (len(values) % 2)
    pairs = zip(values[::2], values[1::2], strict=True)
    return torch.tensor([low % 16 + 16 * (high % 16) for low, high in pairs], dtype=torch.uint8)
