"""Shifts signed bytes to the left and back, which carries the sign along."""

import torch


def unpack_int4(packed, count):
    if (count + 1) // 2 != len(packed) or count < 0:
        raise ValueError(f"count = {count} does not fit {len(packed)} bytes")
    signed = packed.view(torch.int8)
    low, high = (signed << 4) >> 4, signed >> 4
    return torch.cat([low[:, None], high[:, None]], dim=1).reshape(-1)[:count]
