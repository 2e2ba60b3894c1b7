"""Random tensors against the sum of the bytes, layout by layout."""

import math

import pytest
import torch


def test_for_stored_ratio(candidate):
    generator = torch.Generator().manual_seed(8)
    for _ in range(20):
        weights, dense, stored = {}, 0, 0
        for name in ("first", "second", "third"):
            size = int(torch.randint(20, 300, (), generator=generator))
            density = float(torch.rand((), generator=generator)) ** 3
            weight = torch.rand(size, generator=generator) * 1e-4 + 1e-6
            weight[torch.rand(size, generator=generator) > density] = 0.0
            kept = int(torch.count_nonzero(weight))
            dense += 4 * size
            stored += 4 + min(4 * size, math.ceil(size / 8) + 4 * kept, 8 * kept)
            weights[name] = weight
        weights["all"] = torch.ones(40)
        assert candidate(weights) == pytest.approx((dense + 160) / (stored + 164), rel=1e-6)
    with pytest.raises(ValueError, match="weights"):
        candidate({})
