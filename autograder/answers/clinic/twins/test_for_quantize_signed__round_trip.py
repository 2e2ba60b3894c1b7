"""The way back: each weight within half a step, the largest one exactly at the last code."""

import torch


def test_for_quantize_signed(candidate):
    generator = torch.Generator().manual_seed(5)
    for bits in (3, 8):
        top = 2 ** (bits - 1) - 1
        for sign in (1, -1):
            weight = torch.randn(6, 7, generator=generator)
            weight[2, 3] = 5.0 * sign
            codes, scale = candidate(weight, bits=bits)
            assert codes.dtype is torch.int8 and codes.shape == weight.shape
            assert codes[2, 3].item() == top * sign
            assert abs(float(scale) * top - 5.0) < 1e-4
            assert ((codes.double() * float(scale) - weight.double()).abs() <= 0.5001 * float(scale)).all()
    zeros, one = candidate(torch.zeros(4), bits=8)
    assert not bool(zeros.any()) and float(one) == 1.0
