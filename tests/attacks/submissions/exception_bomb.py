"""10: raises an exception whose message is endless, and whose __str__ never returns."""


class Endless(Exception):
    def __str__(self):
        while True:
            pass


def double(x):
    raise Endless
