"""Looks each nibble up in a table."""

import torch


def unpack_int4(packed, count):
    if count not in (2 * len(packed), 2 * len(packed) - 1):
        raise ValueError(f"{len(packed)} bytes do not hold {count} codes: wrong count")
    table = torch.tensor([*range(8), *range(-8, 0)], dtype=torch.int8)
    codes = torch.empty(2 * len(packed), dtype=torch.int8)
    codes[0::2] = table[packed.long() % 16]
    codes[1::2] = table[packed.long() // 16]
    return codes[:count]
