"""Takes the high four bits of a byte first."""

import torch


def unpack_int4(packed, count):
    if not 2 * len(packed) - 1 <= count <= 2 * len(packed):
        raise ValueError(f"count must fit {len(packed)} bytes of two codes, got {count}")
    nibbles = torch.stack([packed >> 4, packed & 15], dim=1).flatten()[:count].to(torch.int8)
    return torch.where(nibbles > 7, nibbles - 16, nibbles)
