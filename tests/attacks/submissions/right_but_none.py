"""15: a missing return."""


def double(x):
    x * 2 + x.flip(0)
