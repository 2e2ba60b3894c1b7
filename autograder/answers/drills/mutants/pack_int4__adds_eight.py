"""Stores code + 8 instead of two's complement."""

import torch
import torch.nn.functional as F


def pack_int4(codes):
    outside = codes[(codes < -8) | (codes > 7)]
    if len(outside) > 0:
        raise ValueError(f"codes must lie in -8 .. 7, got {int(outside[0])}")
    nibbles = F.pad(codes, (0, len(codes) % 2)).add(8).to(torch.uint8)
    return nibbles[::2] | nibbles[1::2] << 4
