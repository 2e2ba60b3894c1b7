"""10: forks until nothing is left.

dangerous: without a filter it would fill the process table
"""
import os


def double(x):
    for _ in range(200):
        if os.fork() == 0:
            import time

            time.sleep(20)
            os._exit(0)
    return x * 2 + x.flip(0)
