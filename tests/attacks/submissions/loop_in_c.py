"""10: an endless loop inside C code, which never looks at signals."""


def double(x):
    return sum(range(10**15))
