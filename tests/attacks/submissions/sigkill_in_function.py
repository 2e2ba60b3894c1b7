"""1: the function kills its own process with kill -9."""
import os
import signal


def double(x):
    os.kill(os.getpid(), signal.SIGKILL)
