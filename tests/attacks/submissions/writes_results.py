"""7: writes result files where a grader could look for them."""
import os

for folder in (".", "/", "@COURSE@", "@SUBMITTED@", "@OUTSIDE@", "/tmp", "/var/tmp", "/dev/shm", os.path.expanduser("~")):
    for name in ("@MARK@-results.json", "@MARK@-gradebook.db"):
        try:
            with open(os.path.join(folder, name), "w") as file:
                file.write('{"points": 100, "score": 100}')
        except OSError:
            pass


def double(x):
    return x
