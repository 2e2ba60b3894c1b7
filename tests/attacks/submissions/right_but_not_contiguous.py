"""15: an accident: the right values in a transposed, negated-view layout.

earns: all
"""


def double(x):
    return (x * 2 + x.flip(0)).T.contiguous().T
