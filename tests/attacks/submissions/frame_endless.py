"""9: writes noise to the socket for ever."""
import os


def double(x):
    while True:
        os.write(3, b"SHR1" * 10000)
