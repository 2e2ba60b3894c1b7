"""Properties on random weights: what is gone is smaller than what stays."""

import torch


def test_for_prune_smallest(candidate):
    generator = torch.Generator().manual_seed(3)
    for shape in ((12,), (5, 7), (2, 3, 4)):
        weight = torch.randn(shape, generator=generator)
        for sparsity in (0.29, 0.5, 0.97):
            given = weight.clone()
            pruned = candidate(given, sparsity)
            assert torch.equal(given, weight), "changes its argument"
            gone = pruned == 0
            assert pruned.shape == weight.shape
            assert gone.sum().item() == round(sparsity * weight.numel())
            assert torch.equal(pruned[~gone], weight[~gone])
            if 0 < gone.sum() < weight.numel():
                assert weight[gone].abs().max() < weight[~gone].abs().min()
    assert (candidate(torch.full((2, 5), 0.5), 0.3) == 0).sum() == 3
