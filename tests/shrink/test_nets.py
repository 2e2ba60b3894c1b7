"""The nets: the published parameter counts, and what makes each the net it is named for."""

import pytest
import torch
from torch import nn

from shrink import nets

IMAGE = {"lenet_300_100": (1, 28, 28), "lenet_5": (1, 28, 28)}


@pytest.mark.parametrize("name", nets.NETS)
def test_every_net_maps_a_batch_to_ten_logits(name):
    model = nets.NETS[name]()
    assert model(torch.zeros(2, *IMAGE.get(name, (3, 32, 32)))).shape == (2, 10)


@pytest.mark.parametrize(
    ("name", "parameters"),
    [
        ("lenet_300_100", 784 * 300 + 300 + 300 * 100 + 100 + 100 * 10 + 10),  # 266,610
        ("lenet_5", 431_080),  # Han et al. 2016, table 1: 431 K
        ("resnet_20", 269_722),  # He et al. 2016, table 6: 0.27 M
        # MLPerf Tiny's Keras model counts 78,666: ours and the running mean and variance of 240 channels.
        ("resnet_8", 78_666 - 2 * 240),
    ],
)
def test_parameter_counts_are_the_published_ones(name, parameters):
    assert sum(p.numel() for p in nets.NETS[name]().parameters()) == parameters


def test_the_docstrings_state_the_parameter_counts():
    for name, make in nets.NETS.items():
        assert f"{sum(p.numel() for p in make().parameters()):,} parameters" in make.__doc__, name


def test_whitening_decorrelates_the_patches():
    generator = torch.Generator().manual_seed(0)
    images = torch.randn(64, 1, 16, 16, generator=generator).expand(64, 3, 16, 16)
    images = images + 0.3 * torch.randn(64, 3, 16, 16, generator=generator)
    net = nets.student()
    nets.set_whitening_(net, images)
    out = net.whiten(images)[:, :12].transpose(0, 1).flatten(1)  # (12, samples)
    assert torch.allclose(torch.cov(out), torch.eye(12), atol=0.05)
    assert torch.equal(net.whiten.weight[:12], -net.whiten.weight[12:])


def test_whitening_is_not_trained():
    assert [name for name, p in nets.teacher().named_parameters() if not p.requires_grad] == ["whiten.weight"]


def test_the_pad_shortcut_has_no_parameters_and_keeps_every_second_pixel():
    x = torch.randn(1, 4, 6, 6)
    out = nets.PadShortcut(3)(x)
    assert torch.equal(out[:, :4], x[:, :, ::2, ::2]) and out[:, 4:].eq(0).all() and out.shape == (1, 7, 3, 3)


def test_lenet_5_has_no_activation_behind_its_convolutions():
    kinds = [type(module) for module in nets.lenet_5()]
    assert kinds[:4] == [nn.Conv2d, nn.MaxPool2d, nn.Conv2d, nn.MaxPool2d]
