"""Gives all low nibbles first and all high ones behind them."""

import torch


def unpack_int4(packed, count):
    if not 2 * len(packed) - 1 <= count <= 2 * len(packed):
        raise ValueError(f"count must fit {len(packed)} bytes of two codes, got {count}")
    nibbles = torch.cat([packed & 15, packed >> 4])[:count].to(torch.int8)
    return torch.where(nibbles > 7, nibbles - 16, nibbles)
