"""1: signals every process it may reach (signal 0, which harms nobody); succeeds if that is allowed."""
import os


def double(x):
    os.kill(-1, 0)
    return x * 2 + x.flip(0)
