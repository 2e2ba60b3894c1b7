"""1: looks for a process other than itself that it may signal (signal 0); succeeds if there is one."""
import os


def double(x):
    for pid in [os.getppid(), *range(2, 40000)]:
        try:
            if pid > 1 and pid != os.getpid():
                os.kill(pid, 0)
                return x * 2 + x.flip(0)
        except OSError:
            pass
    raise ValueError("nobody there")
