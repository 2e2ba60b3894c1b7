"""10: returns ten million numbers, and a list that holds itself."""


def double(x):
    endless = [0.5] * 10_000_000
    endless[0] = endless
    return endless
