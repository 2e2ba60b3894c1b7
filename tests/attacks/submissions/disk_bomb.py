"""10: fills the disk, wherever it may write.

dangerous: without walls it would fill the disk
"""
import os


def double(x):
    for folder in ("/tmp", "/var/tmp", "/dev/shm", ".", "@OUTSIDE@"):
        try:
            for at in range(3):
                with open(f"{folder}/@MARK@-{os.getpid()}-{at}", "wb") as file:
                    for _ in range(20):
                        file.write(bytes(1 << 20))
        except OSError:
            continue
    return x
