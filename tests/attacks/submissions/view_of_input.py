"""15: the input itself, and a view of it."""


def double(x):
    return x.view(5, 4)
