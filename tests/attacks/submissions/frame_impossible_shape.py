"""9: a tensor of no entries whose other sizes overflow every product."""
import json
import os
import struct
import sys


def double(x):
    frame = sys._getframe()
    while "header" not in frame.f_locals or "id" not in frame.f_locals["header"]:
        frame = frame.f_back
    value = ["T", "float32", [0, 1 << 39, 1 << 39, 1 << 39], 0]
    text = json.dumps({"id": frame.f_locals["header"]["id"], "value": value, "sizes": [0]}).encode()
    os.write(3, struct.pack("<4sIQ", b"SHR1", len(text), 0) + text)
    os._exit(0)
