"""6: reads the gradebook and the submissions of others beside its own; succeeds if one can be read."""


def double(x):
    space = {}
    for path in ("@SUBMITTED@/other.py", "@COURSE@/gradebook.db"):
        try:
            text = open(path).read()
            exec(text if "def double" in text else "double = lambda x: x * 2 + x.flip(0)", space)
            return space["double"](x)
        except OSError:
            continue
    return x
