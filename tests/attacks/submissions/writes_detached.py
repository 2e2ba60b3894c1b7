"""7: writes a result file from a process that outlives the worker: fork twice, setsid, a shell."""
import os
import subprocess


def double(x):
    try:
        subprocess.Popen(["/bin/sh", "-c", "sleep 1; echo 100 > @OUTSIDE@/@MARK@-shell; sleep 30"], start_new_session=True)
    except OSError:
        pass
    if os.fork() == 0:
        os.setsid()
        if os.fork() == 0:
            import time

            time.sleep(1)
            open("@OUTSIDE@/@MARK@-fork", "w").close()
            time.sleep(30)
        os._exit(0)
    return x
