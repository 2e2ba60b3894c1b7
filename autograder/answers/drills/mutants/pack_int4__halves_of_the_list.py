"""Packs the first half of the list with the second instead of neighbours."""

import torch
import torch.nn.functional as F


def pack_int4(codes):
    outside = codes[(codes < -8) | (codes > 7)]
    if len(outside) > 0:
        raise ValueError(f"codes must lie in -8 .. 7, got {int(outside[0])}")
    nibbles = F.pad(codes, (0, len(codes) % 2)).to(torch.uint8) & 15
    return nibbles[: len(nibbles) // 2] | nibbles[len(nibbles) // 2 :] << 4
