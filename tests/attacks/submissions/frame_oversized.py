"""9: announces frames of many terabytes."""
import os
import struct


def double(x):
    os.write(3, struct.pack("<4sIQ", b"SHR1", 0xFFFFFFFF, 1 << 62))
    return x
