"""12: prints the hidden inputs to stdout, stderr, the terminal and the log."""
import logging
import os
import sys
import warnings


def double(x):
    text = f"@MARK@ {x.tolist()}"
    print(text)
    print(text, file=sys.stderr)
    logging.getLogger().error(text)
    warnings.warn(text)
    for path in ("/dev/tty", "/dev/pts/0", "/dev/stderr", "/proc/self/fd/2"):
        try:
            with open(path, "w") as file:
                file.write(text)
        except OSError:
            pass
    os.write(2, text.encode())
    return x
