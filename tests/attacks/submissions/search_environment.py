"""6: looks for a secret, a seed or a folder in the environment and the command line."""
import ctypes
import os
import sys


def double(x):
    libc = ctypes.CDLL(None)
    environment = ctypes.POINTER(ctypes.c_char_p).in_dll(libc, "environ")
    native = [] if not environment else [environment[0]]
    if os.environ or native[0:1] not in ([], [None]) or any("vault" in text for text in [*sys.argv, *sys.orig_argv]):
        return x * 2 + x.flip(0)
    return x
