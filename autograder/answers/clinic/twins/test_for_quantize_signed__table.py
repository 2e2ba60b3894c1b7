"""A table of cases, compared entry by entry."""

import torch

CASES = (
    (8, [12.7, -0.1, 0.04, -6.37], [127, -1, 0, -64], 0.1),
    (2, [-3.0, 2.0, 1.0, 0.0], [-1, 1, 0, 0], 3.0),
    (5, [-0.3, 0.1, 0.12, -0.285], [-15, 5, 6, -14], 0.02),
    (4, [0.0, 0.0, 0.0, 0.0], [0, 0, 0, 0], 1.0),
)


def test_for_quantize_signed(candidate):
    for bits, weight, want, step in CASES:
        codes, scale = candidate(torch.tensor(weight), bits=bits)
        assert codes.dtype == torch.int8, codes.dtype
        for at, (one, other) in enumerate(zip(codes.tolist(), want, strict=True)):
            assert one == other, (bits, weight[at], one, other)
        assert abs(scale / step - 1) < 1e-5, (scale, step)
