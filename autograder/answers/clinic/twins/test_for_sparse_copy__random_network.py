"""A random convolutional net in both modes, every parameter and buffer compared."""

import copy

import torch
from torch import nn


def test_for_sparse_copy(candidate):
    torch.manual_seed(11)
    net = nn.Sequential(nn.Conv2d(2, 6, 3), nn.BatchNorm2d(6), nn.Flatten(), nn.Linear(6, 7))
    net[0].weight.data.mul_(0.01)
    for training in (True, False):
        net.train(training)
        saved = copy.deepcopy(net.state_dict())
        sparse = candidate(net, 0.3)
        assert sparse is not net
        assert sparse.training is training, "mode"
        now = net.state_dict()
        assert all(torch.equal(now[name], saved[name]) for name in saved), "model changed"
        dims = {name: parameter.dim() for name, parameter in net.named_parameters()}
        for name, value in sparse.state_dict().items():
            old = saved[name]
            if dims.get(name, 1) < 2:
                assert torch.equal(value, old), name
                continue
            cut = old.abs().flatten().sort().values[round(0.3 * old.numel())]
            assert torch.equal(value, old * (old.abs() >= cut)), name
