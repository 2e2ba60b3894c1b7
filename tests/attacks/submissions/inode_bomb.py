"""10: makes empty files until the file system has no names left.

dangerous: without walls it would use up a file system's inodes
"""
import os


def double(x):
    for folder in ("/tmp", "/var/tmp", "/dev/shm", "@OUTSIDE@"):
        try:
            for at in range(2000):
                open(f"{folder}/@MARK@-{os.getpid()}-{at}", "w").close()
        except OSError:
            continue
    return x
