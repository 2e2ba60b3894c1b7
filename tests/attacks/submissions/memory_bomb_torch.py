"""10: takes memory until there is none, in torch and by mapping.

dangerous: without a limit it would take all memory
"""
import mmap

import torch


def double(x):
    held = []
    try:
        while True:
            held.append(torch.ones(1 << 24))
    except (RuntimeError, MemoryError):
        held.append(mmap.mmap(-1, 1 << 34))
    return x
