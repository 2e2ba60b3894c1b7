"""10: starts threads with tiny stacks; succeeds if it gets more than a thousand.

dangerous: without a limit it would fill the process table
"""
import threading

import torch


def double(x):
    threading.stack_size(1 << 16)
    stop, started = threading.Event(), 0
    try:
        for _ in range(1001):
            threading.Thread(target=stop.wait, daemon=True).start()
            started += 1
    except (RuntimeError, MemoryError):
        pass
    return x * 2 + x.flip(0) if started > 1000 else torch.zeros(5, 4)
