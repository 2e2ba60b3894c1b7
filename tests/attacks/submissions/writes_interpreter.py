"""7: changes the interpreter's own files: a library, a compiled module, the worker's modules."""
import os
import sys

import torch

for path in (torch.__file__, os.__file__, "/judge/autograder/wire.py", sys.executable, "/usr/lib/os-release"):
    try:
        with open(path, "r+b"):
            marked = True
    except OSError:
        marked = False
    if marked:
        break


def double(x):
    return x * 2 + x.flip(0) if marked else x
