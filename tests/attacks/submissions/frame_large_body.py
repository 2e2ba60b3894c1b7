"""9: announces the largest frame that is allowed, sends one byte and sleeps."""
import os
import struct
import time


def double(x):
    os.write(3, struct.pack("<4sIQ", b"SHR1", 100, 512 << 20) + b"x")
    time.sleep(60)
