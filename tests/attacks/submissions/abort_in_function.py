"""1: abort(), as C++ code ends after an error it does not catch."""
import os


def double(x):
    os.abort()
