"""Weight sharing against oracles: constriction, plain loops, a fresh process; and files that were damaged."""

import doctest
import itertools
import math
import random
import subprocess
import sys
import zlib
from pathlib import Path

import constriction
import numpy as np
import pytest
import torch
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from safetensors.torch import load_file

from shrink import nets, range_coder, weight_sharing
from shrink.pruning import global_magnitude_masks
from shrink.range_coder import Context, Decoder, Encoder, code_number
from shrink.training import load_checkpoint
from shrink.weight_sharing import (
    canonical_code,
    centroid_gradient,
    decode_network,
    encode_network,
    entropy_bits,
    huffman_decode,
    huffman_encode,
    huffman_lengths,
    kmeans_1d,
    nearest_code,
    relative_indices,
)

ROOT = Path(__file__).resolve().parents[2]

settings.register_profile("shared", deadline=None)  # times mean nothing on shared cores
settings.load_profile("shared")

SEEDS = st.integers(0, 1000)
SHAPES = st.lists(st.integers(0, 5), max_size=4)
BITS = st.integers(1, 8)
COUNTS = st.dictionaries(st.integers(-5, 300), st.integers(1, 1000), max_size=40)


def gaussian(shape, seed=0):
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed))


def test_the_examples_in_the_docstrings_are_true():
    assert doctest.testmod(weight_sharing).failed == 0


# ---- codebooks ---------------------------------------------------------------------------------------------


def lloyd_in_loops(values, k, iterations):
    low, high = min(values), max(values)
    centroids = [low + (high - low) * j / max(k - 1, 1) for j in range(k)]
    for _ in range(iterations):
        clusters = [[] for _ in centroids]
        for value in values:
            clusters[min(range(k), key=lambda j: abs(value - centroids[j]))].append(value)
        centroids = [sum(c) / len(c) if c else old for c, old in zip(clusters, centroids, strict=True)]
    return centroids


@given(st.integers(1, 60), st.integers(1, 9), st.sampled_from([0, 1, 2, 50]), SEEDS)
def test_kmeans_does_what_plain_loops_do(n, k, iterations, seed):
    values = gaussian(n, seed)
    found = kmeans_1d(values, k, iterations=iterations)
    assert found.dtype == torch.float32 and found.shape == (k,) and (found.diff() >= 0).all()
    want = torch.tensor(lloyd_in_loops(values.double().tolist(), k, iterations))
    torch.testing.assert_close(found, want, atol=1e-5, rtol=1e-5)


def test_kmeans_leaves_a_centroid_without_values_where_it_started():
    assert kmeans_1d(torch.tensor([0.0, 0.0, 10.0]), 3).tolist() == [0.0, 5.0, 10.0]


@pytest.mark.parametrize(
    ("arguments", "name"), [((torch.zeros(0), 2), "values"), ((torch.ones(3), 0), "k must be .* 0")]
)
def test_kmeans_refuses_by_name(arguments, name):
    with pytest.raises(ValueError, match=name):
        kmeans_1d(*arguments)
    with pytest.raises(ValueError, match=r"iterations must be .* -1"):
        kmeans_1d(torch.ones(3), 2, iterations=-1)


@given(SHAPES, st.integers(1, 20), SEEDS)
def test_the_nearest_code_is_the_nearest(shape, k, seed):
    values, codebook = gaussian(shape, seed), gaussian(k, seed + 1)  # in no order
    codes = nearest_code(values, codebook)
    assert codes.dtype == torch.int64 and codes.shape == values.shape
    distance = (values.unsqueeze(-1) - codebook).abs()
    got = distance.gather(-1, codes.unsqueeze(-1)).squeeze(-1)
    torch.testing.assert_close(got, distance.amin(-1), atol=1e-6, rtol=0)


def test_an_empty_codebook_is_refused():
    with pytest.raises(ValueError, match="codebook"):
        nearest_code(torch.ones(2), torch.zeros(0))


@given(SHAPES, st.integers(1, 9), SEEDS)
def test_the_centroid_gradient_is_that_of_autograd(shape, k, seed):
    codes = torch.randint(0, k, shape, generator=torch.Generator().manual_seed(seed))
    grad, codebook = gaussian(shape, seed), gaussian(k).requires_grad_()
    (codebook[codes] * grad).sum().backward()
    torch.testing.assert_close(centroid_gradient(grad, codes, k), codebook.grad)


def test_a_code_outside_the_codebook_is_refused():
    with pytest.raises(ValueError, match=r"codes must lie in \[0, 2\), got 2"):
        centroid_gradient(torch.ones(2), torch.tensor([0, 2]), 2)
    with pytest.raises(ValueError, match="k must be at least 1, got 0"):
        centroid_gradient(torch.ones(0), torch.zeros(0).long(), 0)


# ---- codes -------------------------------------------------------------------------------------------------


@given(st.lists(st.integers(-3, 40), max_size=300))
def test_the_entropy_bound_lies_below_huffman_and_above_huffman_less_a_bit_a_symbol(symbols):
    bound = entropy_bits(torch.tensor(symbols, dtype=torch.int64))
    counts = {symbol: symbols.count(symbol) for symbol in symbols}
    lengths = huffman_lengths(counts)
    total = sum(counts[symbol] * lengths[symbol] for symbol in counts)
    assert bound <= total + 1e-6
    assert total < bound + len(symbols) or total == bound == 0 or len(counts) == 1


@given(COUNTS.filter(lambda counts: len(counts) > 1))
def test_huffman_lengths_cost_what_constriction_needs(counts):
    lengths = huffman_lengths(counts)
    assert sum(2.0**-length for length in lengths.values()) == 1  # no word is wasted
    tree = constriction.symbol.huffman.EncoderHuffmanTree(np.array(list(counts.values()), dtype=np.float64))
    total = 0
    for at, count in enumerate(counts.values()):
        coder = constriction.symbol.QueueEncoder()
        coder.encode_symbol(at, tree)
        total += count * coder.get_compressed()[1]
    assert sum(counts[symbol] * lengths[symbol] for symbol in counts) == total


def test_one_symbol_takes_a_bit_and_none_takes_no_code():
    assert huffman_lengths({4: 9}) == {4: 1} and huffman_lengths({}) == {}
    assert canonical_code({}) == {} and huffman_encode([], {}) == b"" and huffman_decode(b"", {}, 0) == []


def test_negative_counts_and_impossible_lengths_are_refused():
    with pytest.raises(ValueError, match="counts must be at least 0, got -1"):
        huffman_lengths({0: 2, 1: -1})
    with pytest.raises(ValueError, match="lengths"):
        canonical_code({0: 1, 1: 1, 2: 1})
    with pytest.raises(ValueError, match="lengths must be at least 1, got 0"):
        canonical_code({0: 0, 1: 1})


@given(COUNTS)
def test_a_canonical_code_is_a_prefix_code_in_order(counts):
    lengths = huffman_lengths(counts)
    code = canonical_code(lengths)
    assert {symbol: len(word) for symbol, word in code.items()} == lengths
    words = [code[symbol] for _, symbol in sorted((length, symbol) for symbol, length in lengths.items())]
    assert words == sorted(words)
    assert not any(longer.startswith(word) for word, longer in itertools.permutations(words, 2))


@given(st.lists(st.integers(0, 30), max_size=200))
def test_huffman_gives_back_what_it_was_given(symbols):
    code = canonical_code(huffman_lengths({symbol: symbols.count(symbol) for symbol in symbols}))
    data = huffman_encode(symbols, code)
    assert len(data) == -(-sum(len(code[symbol]) for symbol in symbols) // 8)
    assert huffman_decode(data, code, len(symbols)) == symbols
    if symbols:
        with pytest.raises(ValueError, match="data end after"):
            huffman_decode(data[:-1], code, len(symbols))


def test_huffman_refuses_what_it_cannot_code():
    with pytest.raises(ValueError, match="symbols must have a word in the code, got 5"):
        huffman_encode([1, 5], {1: "0"})
    with pytest.raises(ValueError, match="begins no word"):
        huffman_decode(b"\xff", {1: "0", 2: "10"}, 1)
    with pytest.raises(ValueError, match="count must be at least 0, got -1"):
        huffman_decode(b"\0", {1: "0"}, -1)


@given(SHAPES, st.floats(0, 1), st.integers(1, 6), SEEDS)
def test_relative_indices_lead_back_to_the_positions(shape, density, bits, seed):
    mask = torch.rand(shape, generator=torch.Generator().manual_seed(seed)) < density
    gaps, padding = relative_indices(mask, bits=bits)
    assert gaps.dtype == torch.int64 and padding.dtype == torch.bool and gaps.shape == padding.shape
    assert ((gaps >= 1) & (gaps < 2**bits)).all() and (gaps[padding] == 2**bits - 1).all()
    positions = gaps.cumsum(0) - 1
    assert torch.equal(positions[~padding], mask.flatten().nonzero().flatten())
    assert not padding.numel() or not padding[-1]


def test_gaps_of_no_bits_are_refused():
    with pytest.raises(ValueError, match="bits must be at least 1, got 0"):
        relative_indices(torch.ones(3).bool(), bits=0)


# ---- the range coder ---------------------------------------------------------------------------------------


@given(st.lists(st.tuples(st.integers(0, 3), st.booleans()), max_size=400))
def test_the_coder_gives_back_what_it_was_given(steps):
    encoder, contexts = Encoder(), [Context() for _ in range(4)]
    for which, bit in steps:
        assert encoder.code(contexts[which], int(bit)) == bit
    data = encoder.finish()
    decoder, contexts = Decoder(data), [Context() for _ in range(4)]
    assert [decoder.code(contexts[which]) for which, _ in steps] == [bit for _, bit in steps]
    decoder.finish()


@pytest.mark.parametrize("likely", [0.5, 0.1, 0.003])
def test_the_coder_is_as_short_as_constriction_with_the_same_probabilities(likely):
    generator = random.Random(0)
    bits = [int(generator.random() < likely) for _ in range(20_000)]
    encoder, context, chances = Encoder(), Context(), []
    for bit in bits:
        chances.append(context.ones / (context.zeros + context.ones))
        encoder.code(context, bit)
    oracle = constriction.stream.queue.RangeEncoder()
    family = constriction.stream.model.Bernoulli(perfect=False)
    oracle.encode(np.array(bits, dtype=np.int32), family, np.array(chances))
    exact = -sum(math.log2(p if bit else 1 - p) for p, bit in zip(chances, bits, strict=True)) / 8
    ours = len(encoder.finish())
    assert ours <= oracle.get_compressed().nbytes * 1.001 + 4
    assert exact - 1 <= ours <= exact * 1.001 + 2


def test_carries_run_through_bytes_that_have_left():
    """A bit of nearly no chance lifts `low` next to the top of the interval again and again."""
    for seed in range(200):
        generator = random.Random(seed)
        bits = [int(generator.random() < 0.999) for _ in range(300)]
        encoder, context = Encoder(), Context()
        for bit in bits:
            encoder.code(context, bit)
        decoder, context = Decoder(encoder.finish()), Context()
        assert [decoder.code(context) for _ in bits] == bits


def read(data, count):
    decoder, context = Decoder(data), Context()
    for _ in range(count):
        decoder.code(context)
    decoder.finish()


def test_a_decoder_says_when_data_end_too_early_or_too_late():
    encoder, context = Encoder(), Context()
    for at in range(1000):
        encoder.code(context, at % 2)
    data = encoder.finish()
    read(data, 1000)
    with pytest.raises(ValueError, match="too early"):
        read(data[:-10], 1000)
    with pytest.raises(ValueError, match="bytes too many"):
        read(data + bytes(range_coder.TAIL + 1), 1000)


def test_a_byte_cannot_hold_bits_without_end():
    with pytest.raises(ValueError, match="too early"):
        read(b"\0", 9 * 24_000)


@given(
    st.integers(0, 9).flatmap(lambda bits: st.tuples(st.just(bits), st.lists(st.integers(0, 2**bits - 1))))
)
def test_numbers_are_coded_bit_by_bit(case):
    bits, numbers = case
    encoder, contexts = Encoder(), {}
    assert [code_number(encoder, contexts, number, bits) for number in numbers] == numbers
    decoder, contexts = Decoder(encoder.finish()), {}
    assert [code_number(decoder, contexts, 0, bits) for _ in numbers] == numbers


# ---- the file ----------------------------------------------------------------------------------------------


def assert_contract(state, bits):
    """The promises of encode_network and decode_network."""
    before = {name: tensor.clone() for name, tensor in state.items()}
    data = encode_network(state, bits=bits)
    assert isinstance(data, bytes)
    back = decode_network(data)
    assert list(back) == list(state)
    for name, tensor in state.items():
        assert_same(tensor, before[name])
        got = back[name]
        assert got.dtype == tensor.dtype and got.shape == tensor.shape
        if tensor.dim() < 2 or not tensor.is_floating_point():
            assert_same(got, tensor)
            continue
        kept = tensor != 0
        assert torch.equal(got != 0, kept)
        shared = got[kept].unique()
        assert len(shared) <= 2**bits - 1
        if len(tensor[kept].unique()) <= 2**bits - 1:
            assert torch.equal(got, tensor)
        elif bits > 1:
            worst = (got - tensor).abs().max().item()
            rounding = 2.0**-21 * tensor.abs().max().item() if tensor.dtype == torch.float32 else 1.0
            assert worst <= shared.diff().max().item() / 2 + rounding
    return data


def assert_same(one, other):
    """Equal bit by bit: NaN equals NaN, and minus zero is not zero."""
    assert one.dtype == other.dtype and one.shape == other.shape
    flat = [tensor.contiguous().reshape(-1).view(torch.uint8) for tensor in (one, other)]
    assert torch.equal(*flat)


@settings(max_examples=60)
@given(SHAPES, st.floats(0, 1), BITS, SEEDS, st.floats(1e-30, 1e30), st.floats(0, 4))
def test_a_file_keeps_the_promises_of_the_contract(shape, density, bits, seed, scale, heavy):
    weight = gaussian(shape, seed)
    weight = weight * weight.abs() ** heavy * scale  # heavy tails: outliers must stay within half a gap too
    weight = weight * (torch.rand(shape, generator=torch.Generator().manual_seed(seed)) < density)
    assume(weight.isfinite().all())
    assert_contract({"weight": weight, "bias": gaussian(3, seed)}, bits)


@settings(max_examples=40)
@given(st.lists(st.floats(-1e3, 1e3, width=32), min_size=1, max_size=60), BITS)
def test_values_as_they_come_keep_the_promises(values, bits):
    assert_contract({"w": torch.tensor([values])}, bits)


OTHERS = {
    "counter": torch.tensor(2**40 + 7),
    "steps": torch.tensor([1, -1, 2**62]),
    "flags": torch.tensor([True, False, True]),
    "pixels": torch.arange(300).to(torch.uint8).view(3, 100),
    "codes": torch.tensor([[-128, 127, 0]], dtype=torch.int8),
    "short": torch.tensor([[-300, 0], [7, 7]], dtype=torch.int16),
    "int32": torch.tensor([[2**31 - 1, -(2**31)]], dtype=torch.int32),
    "many": torch.arange(3000).view(30, 100),
    "half": torch.tensor([0.1, -65504.0]).half(),
    "brain": torch.tensor([0.1, 3e38]).bfloat16(),
    "double": torch.tensor([math.pi, -1e300], dtype=torch.float64),
    "odd": torch.tensor([math.nan, math.inf, -math.inf, -0.0, 1e-45]),
    "zeros": torch.zeros(50),
    "minus": -torch.zeros(50),
    "none": torch.zeros(0),
    "no rows": torch.zeros(0, 7),
    "no columns": torch.zeros(7, 0, dtype=torch.int64),
    "scalar": torch.tensor(-2.5),
    "Schicht 層 🙂": torch.tensor([1.5, 2.5]),
    "": torch.tensor([[3.5]]),
    "one": torch.tensor([[[[7.25]]]]),
    "equal": torch.full((20, 30), -0.3),
    "all zeros": torch.zeros(20, 30),
    "half matrix": gaussian((9, 9)).half(),
    "brain matrix": gaussian((9, 9)).bfloat16(),
    "double matrix": gaussian((9, 9)).double(),
}


@pytest.mark.parametrize("bits", range(1, 9))
def test_whatever_a_network_holds_comes_back(bits):
    assert_contract(OTHERS, bits)


def test_no_tensor_is_a_network_too():
    assert decode_network(encode_network({})) == {}


def test_a_view_is_stored_as_it_is_seen():
    base = gaussian((6, 8))
    views = {"t": base.t()[::2], "v": base[0, ::3], "e": base[:1].expand(5, 8), "p": base.requires_grad_()}
    back = decode_network(encode_network(views, bits=8))
    assert torch.equal(back["v"], views["v"]) and torch.equal(back["t"], views["t"])
    assert torch.equal(back["e"], views["e"]) and not back["p"].requires_grad


@pytest.mark.parametrize("wrong", [math.nan, math.inf, -math.inf])
def test_a_matrix_that_is_not_finite_is_refused(wrong):
    with pytest.raises(ValueError, match="finite"):
        encode_network({"w": torch.tensor([[1.0, wrong]])})


@pytest.mark.parametrize("bits", [0, -1, 9])
def test_bits_out_of_range_are_refused(bits):
    with pytest.raises(ValueError, match=rf"bits must lie in \[1, 8\], got {bits}"):
        encode_network({}, bits=bits)


def test_what_is_no_tensor_of_a_known_kind_is_refused():
    for wrong in (torch.zeros(2, dtype=torch.complex64), 3.5, torch.zeros([1] * 33)):
        with pytest.raises(ValueError, match=r"state\['w'\]"):
            encode_network({"w": wrong})


def test_a_fresh_process_reads_the_file(tmp_path):
    state = load_checkpoint("resnet_8").state_dict()
    (tmp_path / "net").write_bytes(encode_network(state))
    script = """
import sys
from safetensors.torch import save_file
from shrink.weight_sharing import decode_network
save_file(decode_network(open(sys.argv[1], "rb").read()), sys.argv[2])
"""
    subprocess.run(
        [sys.executable, "-c", script, tmp_path / "net", tmp_path / "back"], check=True, timeout=200
    )
    here = decode_network((tmp_path / "net").read_bytes())
    there = load_file(tmp_path / "back")
    assert here.keys() == there.keys()
    for name, tensor in here.items():
        assert_same(tensor, there[name])
    nets.resnet_8().load_state_dict(there)


def bound_bytes(state, back):
    """The zero-order bound: entropy of zeros and codes in each matrix, codebooks, and the rest as it is."""
    bits = 0.0
    for name, tensor in back.items():
        if tensor.dim() < 2:
            bits += 8 * state[name].numel() * state[name].element_size()
        else:
            values, codes = tensor.unique(return_inverse=True)
            bits += entropy_bits(codes) + 32 * int((values != 0).sum())
    return bits / 8


@pytest.mark.parametrize(
    ("name", "sparsity", "most"),
    [
        ("lenet_300_100", 0.0, 1.0),
        ("lenet_300_100", 0.92, 0.9),
        ("lenet_5", 0.95, 1.0),
        ("resnet_8", 0.5, 1.02),
    ],
)
def test_a_trained_network_lies_near_or_below_the_zero_order_bound(name, sparsity, most):
    state = dict(load_checkpoint(name).state_dict())
    weights = {key: value for key, value in state.items() if value.dim() > 1}
    masks = global_magnitude_masks(weights, sparsity)
    state |= {key: value * masks[key] for key, value in weights.items()}
    data = encode_network(state)
    assert len(data) <= most * bound_bytes(state, decode_network(data))


@settings(max_examples=4)
@given(st.floats(0, 0.95), SEEDS, st.integers(2, 6))
def test_random_weights_without_any_pattern_stay_within_1_02_of_the_bound(sparsity, seed, bits):
    generator = torch.Generator().manual_seed(seed)
    weight = gaussian((300, 400), seed) * (torch.rand(300, 400, generator=generator) >= sparsity)
    state = {"weight": weight, "bias": gaussian(300, seed)}
    data = encode_network(state, bits=bits)
    assert len(data) <= 1.02 * bound_bytes(state, decode_network(data))


# ---- damaged files -----------------------------------------------------------------------------------------


def small_file():
    sparse = gaussian((6, 9)) * (gaussian((6, 9), 1) > 0.8)
    return encode_network({"a.weight": sparse, "a.bias": gaussian(6), "steps": torch.tensor(3)}, bits=2)


def test_every_flipped_byte_is_noticed():
    data = small_file()
    for at in range(len(data)):
        for mask in (1, 2, 4, 8, 16, 32, 64, 128, 255, 0x5A):
            damaged = bytearray(data)
            damaged[at] ^= mask
            with pytest.raises(ValueError, match="data"):
                decode_network(bytes(damaged))


def test_every_truncation_and_every_tail_is_noticed():
    data = small_file()
    for length in range(len(data)):
        with pytest.raises(ValueError, match="data"):
            decode_network(data[:length])
    for tail in (b"\0", b"\xff" * 9, data):
        with pytest.raises(ValueError, match="data"):
            decode_network(data + tail)


def test_the_example_of_the_documentation_is_what_is_written():
    text = (ROOT / "docs" / "file_format.md").read_text(encoding="utf-8").split("## An example")[1]
    lines = text.split("```")[1].strip("\n").splitlines()
    documented = bytes.fromhex("".join(line[:15] for line in lines))
    assert encode_network({"w": torch.tensor([[0.0, 0.5], [-0.25, 0.5]])}) == documented


def test_another_version_is_named():
    data = small_file()
    with pytest.raises(ValueError, match="version 1, got 2"):
        decode_network(data[:4] + b"\2" + data[5:])


def with_checksum(content):
    return content + zlib.crc32(content).to_bytes(4, "little")


def read_or_refuse(data):
    """A file that fits its checksum may be nonsense: then it is refused in words."""
    try:
        state = decode_network(data)
    except ValueError:
        return
    assert all(isinstance(tensor, torch.Tensor) for tensor in state.values())


def test_every_flipped_byte_under_a_right_checksum_is_read_or_refused():
    content = small_file()[:-4]
    for at in range(5, len(content)):
        for mask in (1, 16, 128, 255):
            damaged = bytearray(content)
            damaged[at] ^= mask
            read_or_refuse(with_checksum(bytes(damaged)))


def test_every_truncation_under_a_right_checksum_is_refused():
    content = small_file()[:-4]
    for length in range(len(content) - 1):
        read_or_refuse(with_checksum(content[:length]))


@settings(max_examples=300)
@given(st.binary(max_size=80))
def test_random_bytes_behind_the_magic_are_read_or_refused(content):
    read_or_refuse(with_checksum(b"SHRK\x01" + content))


@settings(max_examples=100)
@given(st.data())
def test_random_headers_are_read_or_refused(data):
    """Tables that make sense nearly everywhere: names, kinds, shapes, palettes, then any bytes as code."""
    number = st.one_of(st.integers(0, 6), st.sampled_from([127, 128, 2**20, 2**26, 2**26 + 1, 2**35, 2**62]))
    tensors = data.draw(st.integers(0, 3))
    content = b"SHRK\x01" + varint(tensors)
    for at in range(tensors):
        content += b"\0\1" + bytes([65 + at * data.draw(st.integers(0, 1))])
        kind, dims = data.draw(st.integers(0, 9 + 16 * 8)), data.draw(st.integers(0, 4))
        content += bytes([kind, dims]) + b"".join(varint(data.draw(number)) for _ in range(dims))
        entries = data.draw(st.integers(0, 5))
        content += bytes([entries]) + data.draw(st.binary(min_size=entries * 4, max_size=entries * 4))
    read_or_refuse(with_checksum(content + data.draw(st.binary(max_size=10))))


def varint(number):
    digits = []
    while number > 127:
        digits.append(number % 128 + 128)
        number //= 128
    return bytes([*digits, number])


PEAK = """
import resource, sys, zlib
import torch
from shrink.weight_sharing import decode_network
data = bytes.fromhex(sys.stdin.read())
decode_network(bytes.fromhex(sys.argv[1]))  # what a first call needs once
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
try:
    print(sum(t.numel() * t.element_size() for t in decode_network(data).values()))
except ValueError:
    print("refused")
print((resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) * 1024)
"""


@pytest.mark.parametrize(
    ("kind", "shape", "coded"),
    [
        (0x10, (1 << 20,), b"\0" * 60),  # a vector of float32
        (0x14, (1, 1 << 21), b"\0" * 120),  # one row of uint8: no column is cheaper to declare
        (0x14, (1, 1 << 21), b"\xff" * 120),  # and every column holds something
        (0x14, (1 << 10, 1 << 11), b"\xaa" * 900),
        (0x10, (1 << 26,), b"\0"),
        (0x00, (1 << 26,), b"\0"),
        (0x10, (1 << 13, 1 << 13), b"\xff"),
        (0x10, (1 << 26, 1 << 26), b"\0"),
    ],
)
def test_memory_is_bounded_by_what_the_file_declares(kind, shape, coded):
    value = b"\x07" * (1 if kind & 15 == 4 else 4)
    content = b"SHRK\x01" + b"\1\0\1w" + bytes([kind, len(shape)]) + b"".join(map(varint, shape))
    content += b"" if kind < 16 else b"\1" + value
    run = subprocess.run(
        [sys.executable, "-c", PEAK, small_file().hex()],
        input=with_checksum(content + coded).hex(), capture_output=True, text=True, check=True, timeout=280,
    )  # fmt: skip
    declared = min(math.prod(shape), 1 << 26) * len(value)
    assert int(run.stdout.split()[1]) <= 16 * declared + (1 << 20) + 4096


def test_the_limit_of_values_is_the_same_in_both_directions():
    wide = torch.zeros(1).expand(1 << 14, (1 << 12) + 1)
    with pytest.raises(ValueError, match="67108864"):
        encode_network({"w": wide})
    assert range_coder.TAIL == 4


def test_the_same_network_gives_the_same_file():
    state = {"w": gaussian((30, 40)), "b": gaussian(30)}
    data = encode_network(state)
    assert encode_network({name: tensor.clone() for name, tensor in state.items()}) == data
    assert encode_network(decode_network(data)) == data  # what is shared already stays as it is
