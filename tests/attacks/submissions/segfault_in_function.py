"""1: a segmentation fault in the function."""
import ctypes


def double(x):
    ctypes.string_at(0)
