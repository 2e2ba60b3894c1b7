"""10: prints without end to stdout, stderr and every descriptor."""
import os
import sys


def double(x):
    for _ in range(200):
        print("x" * 1_000_000)
        print("x" * 1_000_000, file=sys.stderr)
        os.write(1, b"x" * 1_000_000)
    return x
