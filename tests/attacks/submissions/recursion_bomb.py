"""10: recursion without end, with the limit raised first."""
import sys


def double(x):
    sys.setrecursionlimit(10**9)
    return double(x)
