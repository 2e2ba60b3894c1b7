"""Computes codes and scale and looks at neither."""

import torch


def test_for_quantize_signed(candidate):
    codes, scale = candidate(torch.randn(4, 4), bits=8)
    print(codes, scale)
