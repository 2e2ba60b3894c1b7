"""9: an answer nested a hundred thousand levels deep."""
import os
import struct


def double(x):
    text = b'{"id": 1, "sizes": [], "value": ' + b"[" * 100000 + b"]" * 100000 + b"}"
    os.write(3, struct.pack("<4sIQ", b"SHR1", len(text), 0) + text)
    return x
