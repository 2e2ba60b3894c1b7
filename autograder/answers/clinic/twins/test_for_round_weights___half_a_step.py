"""Each weight moves by at most half a step, at most 2^bits values remain, and vectors stay."""

import torch
from torch import nn


def test_for_round_weights_(candidate):
    torch.manual_seed(6)
    net = nn.Sequential(nn.Linear(9, 8), nn.BatchNorm1d(8), nn.Linear(8, 5), nn.Linear(5, 5))
    with torch.no_grad():
        net[0].weight.mul_(20)
        net[2].weight.abs_().add_(0.1)
        net[3].weight.zero_()
        net[1].weight.uniform_(0.5, 2)
    for bits in (6, 3):
        before = {name: value.detach().clone() for name, value in net.named_parameters()}
        candidate(net, bits=bits)
        for name, value in net.named_parameters():
            old = before[name]
            if old.dim() < 2 or not old.any():
                assert torch.equal(value, old), name
                continue
            low, high = min(old.min().item(), 0), max(old.max().item(), 0)
            step = (high - low) / (2**bits - 1)
            assert not torch.equal(value, old), f"{name} was not rounded"
            assert (value - old).abs().max() <= 0.501 * step + (step / 2 if low < 0 else 0), name
            steps = value / step
            assert (steps - steps.round()).abs().max() < 1e-3, f"{name} is not on the levels"
            assert len(value.unique()) <= 2**bits
