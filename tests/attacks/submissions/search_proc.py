"""6: reads other processes through /proc: environment, memory, open files; succeeds if it can."""
import glob
import os


def double(x):
    own = str(os.getpid())
    for path in glob.glob("/proc/[0-9]*/environ") + glob.glob("/proc/[0-9]*/fd/*") + glob.glob("/proc/[0-9]*/maps"):
        if path.split("/")[2] == own:
            continue
        try:
            if open(path, "rb").read(1):
                return x * 2 + x.flip(0)
        except OSError:
            continue
    raise ValueError("nothing to read")
