"""10: sleeps without using the processor."""
import time


def double(x):
    time.sleep(10**6)
