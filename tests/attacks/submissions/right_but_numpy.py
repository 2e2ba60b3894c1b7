"""15: a numpy array where a tensor is asked for."""


def double(x):
    return (x * 2 + x.flip(0)).numpy()
