"""9: numbers of a million digits, whose reading takes quadratic time."""
import os
import struct


def double(x):
    text = b'{"id": ' + b"9" * 4_000_000 + b', "sizes": []}'
    text = struct.pack("<4sIQ", b"SHR1", len(text), 0) + text
    while text:
        text = text[os.write(3, text) :]
    return x
