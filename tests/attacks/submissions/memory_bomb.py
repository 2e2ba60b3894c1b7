"""10: takes memory until there is none, in Python.

dangerous: without a limit it would take all memory
"""


def double(x):
    held = []
    while True:
        held.append(bytearray(1 << 26))
