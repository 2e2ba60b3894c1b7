"""Files of networks with batch norm: exact round trips, and what damage does."""

import doctest

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from shrink import nets, normed_file
from shrink.integer_file import checksum
from shrink.normed_file import codes_of, decode_normed, encode_normed, factor_codes, factor_of, layers

LAYERS = layers(nets.resnet_8())


def parts(seed=0, zeros=0.7, name="resnet_8"):
    """Random integers, most of them zero, factors and shifts."""
    generator = torch.Generator().manual_seed(seed)
    net, codes, factors, shifts = nets.NETS[name](), {}, {}, {}
    for layer, norm in layers(net).items():
        weight = net.get_submodule(layer).weight
        values = torch.randint(-3, 4, weight.shape, generator=generator).float()
        codes[layer] = values * (torch.rand(weight.shape, generator=generator) > zeros)
        factors[layer] = torch.exp(torch.randn(len(weight), generator=generator))
        moved = torch.randn(len(weight), generator=generator)
        has_shift = norm or net.get_submodule(layer).bias is not None
        shifts[layer] = moved if has_shift else torch.zeros(len(weight))
    return codes, factors, shifts


def with_checksum(content):
    return content + checksum(content)


CODES, FACTORS, SHIFTS = parts()
FILE = encode_normed("resnet_8", CODES, FACTORS, SHIFTS)


def test_the_examples_in_the_docstrings_are_true():
    assert doctest.testmod(normed_file).failed == 0


@pytest.mark.parametrize("name", normed_file.NAMES)
def test_every_layer_with_weights_has_the_norm_that_follows_it(name):
    net = nets.NETS[name]()
    found = layers(net)
    weighty = [key for key, module in net.named_modules() if isinstance(module, nn.Conv2d | nn.Linear)]
    norms = [key for key, module in net.named_modules() if isinstance(module, nn.BatchNorm2d)]
    assert list(found) == weighty
    assert sorted(filter(None, found.values())) == sorted(norms)
    for layer, norm in found.items():
        if norm:
            assert net.get_submodule(norm).num_features == len(net.get_submodule(layer).weight)


@pytest.mark.parametrize("name", ["resnet_8", "student"])
def test_integers_come_back_exactly_and_the_rest_as_near_as_said(name):
    codes, factors, shifts = parts(seed=1, name=name)
    data = encode_normed(name, codes, factors, shifts)
    back_name, state = decode_normed(data)
    assert back_name == name
    nets.NETS[name]().load_state_dict(state)
    for layer, norm in layers(nets.NETS[name]()).items():
        assert torch.equal(codes_of(data)[layer], codes[layer])
        if norm:
            assert torch.equal(state[f"{layer}.weight"], codes[layer])
            assert torch.allclose(state[f"{norm}.weight"], factors[layer], rtol=2 ** (1 / 32) - 1)
            assert torch.allclose(state[f"{norm}.bias"], shifts[layer], rtol=0, atol=1 / 128)
            assert not state[f"{norm}.running_mean"].any()
        else:
            each = factors[layer].view(-1, *[1] * (codes[layer].dim() - 1))
            assert torch.allclose(state[f"{layer}.weight"], codes[layer] * each, rtol=2 ** (1 / 32) - 1)


def test_a_norm_that_was_read_multiplies_by_its_factor():
    _, state = decode_normed(FILE)
    norm = nn.BatchNorm2d(16).eval()
    norm.load_state_dict({key[3:]: value for key, value in state.items() if key.startswith("bn.")})
    inputs = torch.randn(2, 16, 4, 4, generator=torch.Generator().manual_seed(0))
    wanted = inputs * state["bn.weight"].view(1, -1, 1, 1) + state["bn.bias"].view(1, -1, 1, 1)
    assert torch.allclose(norm(inputs), wanted, rtol=1e-6, atol=1e-6)


def test_factors_are_the_nearest_power_of_a_sixteenth_root_of_two():
    assert [factor_of(code) for code in (0, 16, -32)] == [1.0, 2.0, 0.25]
    assert factor_codes(torch.tensor([1.0, 2.0, 0.25, 1.02, 1.03, 1e-30])).tolist() == [
        0,
        16,
        -32,
        0,
        1,
        -512,
    ]


def test_the_parts_of_a_file_add_up_to_it():
    spent = normed_file.bits_spent(FILE)
    assert abs(sum(spent.values()) / 8 - len(FILE)) < 4


def test_fewer_weights_make_a_smaller_file():
    sizes = [len(encode_normed("resnet_8", *parts(zeros=zeros))) for zeros in (0.5, 0.8, 0.95, 1.0)]
    assert sizes == sorted(sizes, reverse=True) and len(set(sizes)) == 4


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"name": "lenet_5"}, "name must be one of"),
        (
            {"codes": {**CODES, "conv": CODES["conv"] + 0.5}},
            "conv's weights must hold integers of at most 63",
        ),
        (
            {"codes": {**CODES, "conv": CODES["conv"] * 100}},
            "conv's weights must hold integers of at most 63",
        ),
        ({"factors": {**FACTORS, "fc": -FACTORS["fc"]}}, "fc's factors must be positive"),
        (
            {"shifts": {**SHIFTS, "fc": SHIFTS["fc"] + 100}},
            "fc's shifts, in 64ths, must hold integers of at most",
        ),
    ],
)
def test_what_cannot_be_stored_is_refused(change, said):
    given = {"name": "resnet_8", "codes": CODES, "factors": FACTORS, "shifts": SHIFTS} | change
    with pytest.raises(ValueError, match=said):
        encode_normed(**given)


def test_a_shift_of_a_layer_that_has_none_is_refused():
    codes, factors, shifts = parts(name="student")
    shifts["fc"] = torch.ones(10)
    with pytest.raises(ValueError, match="fc has no bias"):
        decode_normed(encode_normed("student", codes, factors, shifts))


def test_damage_is_refused():
    generator = torch.Generator().manual_seed(0)
    for at in [0, 1, len(FILE) - 1, *torch.randint(len(FILE), (200,), generator=generator).tolist()]:
        damaged = bytearray(FILE)
        damaged[at] ^= 1 << int(torch.randint(8, (1,), generator=generator))
        with pytest.raises(ValueError, match="data"):
            decode_normed(bytes(damaged))
    for length in (0, 1, 2, 3, len(FILE) // 2, len(FILE) - 1):
        with pytest.raises(ValueError, match="data"):
            decode_normed(FILE[:length])
    with pytest.raises(ValueError, match="data"):
        decode_normed(FILE + b"\0")


@settings(max_examples=5, deadline=None)
@given(st.binary(max_size=60))
def test_damage_under_a_right_checksum_is_read_or_refused(tail):
    try:
        name, _ = decode_normed(with_checksum(FILE[:1] + tail))
    except ValueError as error:
        name = str(error)
    assert name == "resnet_8" or "data" in name
