"""1: signals its whole process group (signal 0, which harms nobody); succeeds if that is allowed."""
import os


def double(x):
    os.kill(0, 0)
    return x * 2 + x.flip(0)
