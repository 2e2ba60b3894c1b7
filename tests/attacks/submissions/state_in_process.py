"""14: leaves a process behind that keeps the weights and hands them out over a pipe.

task: pack
"""
import os


def pack(weight):
    if os.fork() == 0:
        import time

        os.setsid()
        time.sleep(30)
        os._exit(0)
    return b"x"


def unpack(data):
    raise ValueError("nobody there")
