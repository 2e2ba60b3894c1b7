"""15: the right values in another shape."""


def double(x):
    return (x * 2 + x.flip(0)).reshape(4, 5)
