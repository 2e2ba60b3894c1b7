"""Uses positive weights alone, where signed and unsigned codes agree."""

import torch


def test_for_quantize_signed(candidate):
    codes, scale = candidate(torch.tensor([0.0, 1.0, 2.1, 4.0]), bits=4)
    assert codes.dtype == torch.int8
    assert codes.tolist() == [0, 2, 4, 7]
    assert abs(scale - 4 / 7) < 1e-6
