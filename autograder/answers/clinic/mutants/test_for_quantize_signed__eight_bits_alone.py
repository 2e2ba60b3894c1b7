"""Tries 8 bits alone, so that other widths may do what they like."""

import torch


def test_for_quantize_signed(candidate):
    codes, scale = candidate(torch.tensor([1.0, -127.0, 63.6, 0.0]), bits=8)
    assert codes.dtype == torch.int8
    assert codes.tolist() == [1, -127, 64, 0]
    assert abs(scale - 1.0) < 1e-6
    codes, scale = candidate(torch.zeros(3), bits=8)
    assert codes.tolist() == [0, 0, 0] and scale == 1.0
