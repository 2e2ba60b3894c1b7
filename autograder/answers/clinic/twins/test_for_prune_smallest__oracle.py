"""torch's own pruning as the oracle, and one tie."""

import torch
from torch.nn.utils import prune


def test_for_prune_smallest(candidate):
    torch.manual_seed(1)
    weight = torch.randn(9, 11)
    copy = weight.clone()
    mask = prune.L1Unstructured(amount=0.47).compute_mask(weight, torch.ones_like(weight))
    torch.testing.assert_close(candidate(copy, 0.47), weight * mask, rtol=0, atol=0)
    torch.testing.assert_close(copy, weight, rtol=0, atol=0)
    tie = candidate(torch.tensor([1.0, -1.0, 1.0, -1.0]), 0.25)
    assert torch.count_nonzero(tie) == 3
