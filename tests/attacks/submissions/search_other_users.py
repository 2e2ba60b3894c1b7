"""6: reads what an account should keep to itself: shadow, private keys, home folders; succeeds if it can."""
import glob
import os


def double(x):
    for path in ["/etc/shadow", *glob.glob("/root/.[a-z]*"), *glob.glob("/home/*/.ssh/*"), "@PRIVATE@"]:
        try:
            if os.path.isfile(path) and open(path, "rb").read(1):
                return x * 2 + x.flip(0)
        except OSError:
            continue
    return x
