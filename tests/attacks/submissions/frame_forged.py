"""9: writes an answer of its own to the worker's socket, with ids guessed and with the id it finds."""
import json
import os
import struct
import sys


def double(x):
    frame, ids = sys._getframe(), [0, 1, 2]
    while frame is not None:
        header = frame.f_locals.get("header")
        if isinstance(header, dict) and "id" in header:
            ids.append(header["id"])
        frame = frame.f_back
    for number in ids:
        text = json.dumps({"id": number, "value": True, "passed": True, "points": 100, "sizes": []}).encode()
        os.write(3, struct.pack("<4sIQ", b"SHR1", len(text), 0) + text)
    return x
