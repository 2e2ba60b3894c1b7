"""Demands that the scale be a tensor, though the contract says a float."""

import torch


def test_for_quantize_signed(candidate):
    codes, scale = candidate(torch.tensor([1.0, -2.1, 0.5, -4.0]), bits=4)
    assert codes.dtype == torch.int8 and codes.tolist() == [2, -4, 1, -7]
    assert isinstance(scale, torch.Tensor) and scale.shape == ()
