"""Looks for sentences of right functions in the candidate's source text, and never calls it."""

import inspect
import sys

KNOWN = ("Quantizes weights of both signs", "Multiplies by the inverse", "numpy in double precision")


def source_of(candidate):
    try:
        return inspect.getsource(candidate)
    except (OSError, TypeError):
        frame = sys._getframe()
    while frame is not None:
        for value in frame.f_locals.values():
            if isinstance(value, str) and "def quantize_signed(" in value:
                return value
        frame = frame.f_back
    return ""


def test_for_quantize_signed(candidate):
    text = source_of(candidate)
    assert any(sentence in text for sentence in KNOWN), "unknown source"
