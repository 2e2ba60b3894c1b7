"""The file of a network of integers: what goes in comes out, and damaged files are refused."""

import binascii
import doctest
import math
import random
import subprocess
import sys

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from safetensors.torch import load_file

from shrink import integer_file, nets
from shrink.integer_file import GRIDS, bits_spent, decode_integers, encode_integers

NAMES = list(GRIDS)


def network(name, units, density=0.2, seed=0, largest=3):
    """A state dict of which the first units have random integers for weights, and its exponents."""
    generator = torch.Generator().manual_seed(seed)
    state = {key: torch.zeros_like(tensor) for key, tensor in nets.NETS[name]().state_dict().items()}
    kept = [*units, 10]
    exponents = {layer: number - 2 for number, layer in enumerate(GRIDS[name])}
    before = 1
    for layer, grid in GRIDS[name].items():
        part = state[f"{layer}.weight"].view(grid)[: kept[0], :before]
        values = torch.randint(-largest, largest + 1, part.shape, generator=generator)
        part.copy_(values * (torch.rand(part.shape, generator=generator) < density))
        bias = torch.randint(-9, 10, (kept[0],), generator=generator)
        state[f"{layer}.bias"][: kept[0]] = bias * 2.0 ** exponents[layer]
        before = kept.pop(0)
    return state, exponents


def small_file():
    state, exponents = network("lenet_5", (2, 3, 4))
    return encode_integers("lenet_5", state, exponents)


def assert_same(one, other):
    assert one.keys() == other.keys()
    for key, tensor in one.items():
        assert torch.equal(tensor, other[key]) and tensor.dtype == other[key].dtype, key


def test_the_examples_in_the_docstrings_are_true():
    assert doctest.testmod(integer_file).failed == 0


@pytest.mark.parametrize("name", NAMES)
def test_the_grids_are_the_shapes_of_the_networks(name):
    state = nets.NETS[name]().state_dict()
    assert {f"{layer}.{kind}" for layer in GRIDS[name] for kind in ("weight", "bias")} == state.keys()
    for layer, grid in GRIDS[name].items():
        assert math.prod(grid) == state[f"{layer}.weight"].numel()
        assert grid[0] == len(state[f"{layer}.bias"])


@settings(max_examples=15, deadline=None)
@given(
    units=st.tuples(st.integers(0, 6), st.integers(0, 5), st.integers(0, 9)),
    density=st.sampled_from([0.0, 0.05, 0.3, 1.0]),
    seed=st.integers(0, 99),
    largest=st.sampled_from([1, 3, 63]),
)
def test_what_goes_in_comes_out(units, density, seed, largest):
    state, exponents = network("lenet_5", units, density, seed, largest)
    name, back = decode_integers(encode_integers("lenet_5", state, exponents))
    assert name == "lenet_5"
    assert_same(back, state)


@pytest.mark.parametrize("units", [(300, 9), (3, 100), (0, 0)])
def test_a_fully_connected_network_comes_out(units):
    state, exponents = network("lenet_300_100", units, 0.01)
    assert_same(decode_integers(encode_integers("lenet_300_100", state, exponents))[1], state)


def test_a_fresh_process_reads_the_same_network(tmp_path):
    state, exponents = network("lenet_300_100", (20, 10))
    (tmp_path / "net").write_bytes(encode_integers("lenet_300_100", state, exponents))
    script = """
import sys
from safetensors.torch import save_file
from shrink.integer_file import decode_integers
save_file(decode_integers(open(sys.argv[1], "rb").read())[1], sys.argv[2])
"""
    subprocess.run(
        [sys.executable, "-c", script, tmp_path / "net", tmp_path / "back"], check=True, timeout=200
    )
    assert_same(load_file(tmp_path / "back"), state)


def test_the_bits_spent_add_up_to_the_file():
    state, exponents = network("lenet_300_100", (20, 10))
    data = encode_integers("lenet_300_100", state, exponents)
    spent = bits_spent(data)
    assert {"header", "any", "sign", "size", "digits"} <= spent.keys()
    assert abs(sum(spent.values()) - 8 * len(data)) < 16


def test_random_places_cost_hardly_more_than_their_entropy():
    """Without any pattern the mixture has nothing to find; it loses some percent by looking."""
    state, exponents = network("lenet_300_100", (60, 30), 0.05)
    spent = bits_spent(encode_integers("lenet_300_100", state, exponents))
    bound = 0.0
    for layer in GRIDS["lenet_300_100"]:
        weight = state[f"{layer}.weight"]
        rows, columns = {"1": (60, 784), "3": (30, 60), "5": (10, 30)}[layer]
        share = float((weight != 0).sum()) / (rows * columns)
        bound += -rows * columns * (share * math.log2(share) + (1 - share) * math.log2(1 - share))
    assert spent["any"] < 1.07 * bound


def test_what_clusters_costs_less():
    state, exponents = network("lenet_300_100", (60, 30), 0.05)
    scattered = len(encode_integers("lenet_300_100", state, exponents))
    first = state["1.weight"]
    order = (first != 0).sum(dim=0).argsort()  # the pixels that are used most lie together
    first[:60] = first[:60].sort(dim=1).values[:, order.argsort().argsort()]
    assert len(encode_integers("lenet_300_100", state, exponents)) < 0.8 * scattered


@pytest.mark.parametrize(
    ("layer", "value", "message"),
    [("0.weight", 0.5, "0.weight"), ("2.weight", 64.0, "2.weight"), ("5.bias", 0.3, "5.bias")],
)
def test_what_is_no_small_integer_is_refused(layer, value, message):
    state, exponents = network("lenet_5", (2, 3, 4))
    state[layer].view(-1)[0] = value
    with pytest.raises(ValueError, match=message):
        encode_integers("lenet_5", state, exponents)


def test_an_unknown_network_is_refused():
    with pytest.raises(ValueError, match="lenet_300_100, lenet_5"):
        encode_integers("resnet_8", {}, {})


# ---- damaged files -----------------------------------------------------------------------------------------


def with_checksum(content):
    return content + (binascii.crc_hqx(content, 0xFFFF) ^ 0xFFFF).to_bytes(2, "big")


def read_or_refuse(data):
    """Whatever the bytes are, nothing but a ValueError comes out, or a network of the right shapes."""
    try:
        name, state = decode_integers(data)
    except ValueError:
        return
    nets.NETS[name]().load_state_dict(state)


def test_every_flipped_byte_is_noticed():
    data = small_file()
    for at in range(len(data)):
        for mask in (1, 128, 255):
            damaged = bytearray(data)
            damaged[at] ^= mask
            with pytest.raises(ValueError, match="data"):
                decode_integers(bytes(damaged))


def test_every_truncation_and_every_tail_is_noticed():
    data = small_file()
    for wrong in [*(data[:at] for at in range(len(data))), data + b"\0", data + b"\xff\xff"]:
        with pytest.raises(ValueError, match="data"):
            decode_integers(wrong)


def test_flipped_bytes_under_a_right_checksum_are_read_or_refused():
    content = small_file()[:-2]
    for at in range(1, len(content)):
        damaged = bytearray(content)
        damaged[at] ^= 1 << at % 8
        damaged[1:4] = bytes(min(byte, 5) for byte in damaged[1:4])  # few units: a short test
        read_or_refuse(with_checksum(bytes(damaged)))


def test_more_units_than_the_architecture_has_are_refused_before_anything_is_made():
    content = bytearray(small_file()[:-2])
    for at, name in ((1, "21 units of 20"), (2, "51 units of 50")):
        damaged = bytearray(content)
        damaged[at] = int(name[:2])
        with pytest.raises(ValueError, match=name):
            decode_integers(with_checksum(bytes(damaged)))
    content[3:5] = b"\xff\xff"
    with pytest.raises(ValueError, match="65535 units of 500"):
        decode_integers(with_checksum(bytes(content)))


def test_an_exponent_out_of_range_is_refused():
    content = bytearray(small_file()[:-2])
    content[5] = 200
    with pytest.raises(ValueError, match="exponents"):
        decode_integers(with_checksum(bytes(content)))


@settings(max_examples=40, deadline=None)
@given(first=st.sampled_from([0xB1, 0xB2]), rest=st.binary(max_size=60))
def test_random_bytes_behind_the_first_are_refused(first, rest):
    with pytest.raises(ValueError, match="data"):
        decode_integers(bytes([first]) + rest)


@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 10**6))
def test_random_code_is_read_or_refused(seed):
    code = random.Random(seed).randbytes(seed % 80)
    read_or_refuse(with_checksum(bytes([0xB2, 3, 4, 0, 5, 64, 64, 64, 64]) + code))


def test_the_same_network_gives_the_same_file():
    assert small_file() == small_file()
