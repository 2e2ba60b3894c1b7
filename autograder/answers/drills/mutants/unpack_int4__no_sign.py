"""Gives codes from 0 to 15: the sign is lost."""

import torch


def unpack_int4(packed, count):
    if not 2 * len(packed) - 1 <= count <= 2 * len(packed):
        raise ValueError(f"count must fit {len(packed)} bytes of two codes, got {count}")
    nibbles = torch.stack([packed & 15, packed >> 4], dim=1).flatten()[:count].to(torch.int8)
    return nibbles
