"""15: the right values in another dtype."""


def double(x):
    return (x * 2 + x.flip(0)).double()
