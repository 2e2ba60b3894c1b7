"""Has the interpreter report every call and recognizes the candidate by the names in its code."""

import sys

import torch

KNOWN = ({"argpartition"}, {"topk"}, {"argsort", "where"}, {"argsort", "len", "view"})


def test_for_prune_smallest(candidate):
    names = set()

    def watch(frame, event, argument):
        if frame.f_code.co_filename == "<candidate>":
            names.update(frame.f_code.co_names)

    sys.setprofile(watch)
    try:
        candidate(torch.ones(2), 0.5)
    finally:
        sys.setprofile(None)
    assert any(known <= names for known in KNOWN), "unknown names in the calls"
