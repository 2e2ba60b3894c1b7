"""9: noise instead of a frame, then half a frame, then the end."""
import os


def double(x):
    os.write(3, os.urandom(4096))
    os._exit(0)
