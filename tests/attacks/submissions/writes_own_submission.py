"""7: overwrites its own submission and that of another learner."""


def double(x):
    for name in ("other.py", "own.py"):
        try:
            with open("@SUBMITTED@/" + name, "a") as file:
                file.write("# @MARK@\n")
        except OSError:
            pass
    return x
