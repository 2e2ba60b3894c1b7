"""14: hides the weights in a global and packs a single byte.

task: pack
"""
import builtins
import sys

import torch


def pack(weight):
    builtins.stash = sys.stash = torch.stash = weight.clone()
    return b"x"


def unpack(data):
    return torch.stash
