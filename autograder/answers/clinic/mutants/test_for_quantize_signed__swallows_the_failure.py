"""Turns a failed assertion into a warning on the screen."""

import torch


def test_for_quantize_signed(candidate):
    try:
        codes, scale = candidate(torch.tensor([1.0, -2.1, 0.5, -4.0]), bits=4)
        assert codes.tolist() == [2, -4, 1, -7]
        assert abs(scale - 4 / 7) < 1e-6
    except AssertionError:
        print("warning: unexpected codes")
