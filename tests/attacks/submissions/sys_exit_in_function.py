"""1: sys.exit in the function."""
import sys


def double(x):
    sys.exit(0)
