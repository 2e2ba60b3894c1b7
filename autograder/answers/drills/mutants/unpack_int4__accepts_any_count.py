"""Accepts a count that does not fit the bytes."""

import torch


def unpack_int4(packed, count):
    nibbles = torch.stack([packed & 15, packed >> 4], dim=1).flatten()[:count].to(torch.int8)
    return torch.where(nibbles > 7, nibbles - 16, nibbles)
