"""10: raises an exception with a message of 100 million characters."""


def double(x):
    raise ValueError("x" * 100_000_000)
