"""10: opens files until the system has no descriptors left."""
import os


def double(x):
    held = []
    while True:
        held.append(os.open("/dev/null", os.O_RDONLY))
