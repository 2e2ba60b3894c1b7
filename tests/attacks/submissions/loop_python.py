"""10: an endless loop in Python."""


def double(x):
    while True:
        pass
