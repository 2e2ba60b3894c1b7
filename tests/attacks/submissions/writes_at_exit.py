"""7: writes a result file when the process ends: atexit, signal handlers, finalizers, threads."""
import atexit
import signal
import threading
import weakref


def write(*ignored):
    with open("@OUTSIDE@/@MARK@-late", "w") as file:
        file.write("full marks")


atexit.register(write)
threading._register_atexit(write)
for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT, signal.SIGALRM, signal.SIGXCPU):
    signal.signal(number, write)
finalizer = weakref.finalize(write, write)
threading.Timer(0.1, write).start()


def double(x):
    return x
