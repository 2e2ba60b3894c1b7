"""15: an accident: changes its input in place and returns it; the check keeps its own.

earns: all
"""


def double(x):
    turned = x.flip(0)
    return x.mul_(2).add_(turned)
