"""9: forges the report of an error: lists, markup and control characters where names belong."""
import json
import os
import struct
import sys


def double(x):
    frame = sys._getframe()
    while "header" not in frame.f_locals or "id" not in frame.f_locals["header"]:
        frame = frame.f_back
    error = {"kind": "raised", "types": [["x"], 7, "<script>alert(1)</script>"], "text": "\x1b[2J" * 999, "problems": {}}
    text = json.dumps({"id": frame.f_locals["header"]["id"], "error": error, "sizes": []}).encode()
    os.write(3, struct.pack("<4sIQ", b"SHR1", len(text), 0) + text)
    os._exit(0)
