"""10: a regular expression that needs exponential time."""
import re


def double(x):
    re.match(r"(a+)+$", "a" * 60 + "!")
