"""18: an accident: prints, warnings, logging and progress bars on both outputs.

earns: all
"""
import logging
import sys
import warnings

print("training ...")
warnings.warn("deprecated", DeprecationWarning)
logging.warning("careful")


def double(x):
    print("\r 99 %", end="", file=sys.stderr)
    warnings.warn("overflow", RuntimeWarning)
    sys.stdout.flush()
    return x * 2 + x.flip(0)
