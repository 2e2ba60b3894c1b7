"""Checks type and shape of the codes, and never their values."""

import torch


def test_for_quantize_signed(candidate):
    weight = torch.tensor([[0.5, -0.25], [-1.0, 0.75]])
    codes, scale = candidate(weight, bits=8)
    assert codes.dtype == torch.int8
    assert codes.shape == weight.shape
    assert scale > 0
