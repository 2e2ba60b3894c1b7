"""Drills against oracles: torch's fake quantizer, attention and batch norm; and their properties."""

import doctest
import itertools
import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from shrink import drills
from shrink.drills import (
    decode_step,
    fake_quantize,
    fold_input_batchnorm,
    low_rank_factors,
    merge_lora,
    n_of_m_mask,
    pack_int4,
    quantize_blockwise,
    quantize_per_group,
    quantize_per_token,
    smooth_linear,
    stochastic_round,
    unpack_int4,
    verify_draft,
)

settings.register_profile("shared", deadline=None)  # times mean nothing on shared cores
settings.load_profile("shared")

SEEDS = st.integers(0, 1000)
SIZES = st.integers(1, 12)
CODES = st.lists(st.integers(-8, 7), max_size=20)


def random(shape, seed=0):
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed))


def test_the_examples_in_the_docstrings_are_true():
    assert doctest.testmod(drills).failed == 0


@given(SIZES, SIZES, st.integers(1, 14), st.integers(2, 8), SEEDS)
def test_a_group_comes_back_within_half_a_step(rows, columns, group, bits, seed):
    weight = random((rows, columns), seed)
    codes, scales = quantize_per_group(weight, group=group, bits=bits)
    wide = scales.repeat_interleave(group, dim=1)[:, :columns]
    assert scales.shape == (rows, math.ceil(columns / group)) and codes.abs().max() <= 2 ** (bits - 1) - 1
    assert ((codes * wide - weight).abs() <= wide * 0.50001).all()


def test_one_group_of_a_whole_row_is_quantization_per_channel():
    weight = random((5, 16))
    codes, scales = quantize_per_group(weight, group=16, bits=8)
    oracle = torch.quantize_per_channel(weight, scales[:, 0].double(), torch.zeros(5).long(), 0, torch.qint8)
    assert torch.equal(codes, oracle.int_repr())


def test_smaller_groups_are_never_less_exact_on_average():
    weight = random((64, 128)) * random((64, 128), 1).abs().exp()  # with outliers
    errors = []
    for group in (8, 32, 128):
        codes, scales = quantize_per_group(weight, group=group)
        errors.append((codes * scales.repeat_interleave(group, dim=1) - weight).square().mean().item())
    assert errors == sorted(errors) and errors[0] < errors[2] / 2


@given(CODES)
def test_packed_codes_come_back(values):
    codes = torch.tensor(values, dtype=torch.int8)
    packed = pack_int4(codes)
    assert packed.dtype == torch.uint8 and len(packed) == math.ceil(len(values) / 2)
    assert unpack_int4(packed, len(values)).tolist() == values


def test_a_byte_written_in_bits_is_the_high_code_before_the_low_one():
    for low, high in itertools.product(range(-8, 8), repeat=2):
        byte = pack_int4(torch.tensor([low, high], dtype=torch.int8)).item()
        assert f"{byte:08b}" == f"{high & 15:04b}{low & 15:04b}"


@pytest.mark.parametrize("count", [-1, 0, 2, 5])
def test_a_count_that_does_not_fit_is_refused(count):
    with pytest.raises(ValueError, match=f"count must fit 2 bytes of two codes, got {count}"):
        unpack_int4(torch.zeros(2, dtype=torch.uint8), count)


def test_codes_of_five_bits_are_refused():
    with pytest.raises(ValueError, match=r"codes must lie in -8 \.\. 7, got -9"):
        pack_int4(torch.tensor([1, -9], dtype=torch.int8))


@given(SIZES, SIZES, st.integers(2, 8), SEEDS, st.floats(-3, 3))
def test_a_token_comes_back_within_half_a_step_and_a_half_and_zero_exactly(rows, columns, bits, seed, shift):
    x = random((rows, columns), seed) + shift
    codes, scales, zero_points = quantize_per_token(x, bits=bits)
    back = (codes.float() - zero_points[:, None]) * scales[:, None]
    # Half a step for the code, another half where the zero point was rounded up and the end was clamped.
    assert ((back - x).abs() <= scales[:, None] * 1.001).all()
    assert (zero_points >= 0).all() and (zero_points < 2**bits).all()


def test_tokens_are_quantized_as_torch_does_with_the_same_parameters():
    x = random((6, 40)) * torch.logspace(-2, 2, 6)[:, None]
    codes, scales, zero_points = quantize_per_token(x)
    oracle = torch.quantize_per_channel(x, scales.double(), zero_points.long(), 0, torch.quint8)
    assert torch.equal(codes, oracle.int_repr())


def test_a_token_does_not_depend_on_its_neighbours():
    x = random((4, 8))
    together = quantize_per_token(x)
    for at in range(4):
        for whole, alone in zip(together, quantize_per_token(x[at : at + 1]), strict=True):
            assert torch.equal(whole[at : at + 1], alone)


@given(st.lists(st.integers(0, 5), min_size=1, max_size=3), st.integers(1, 9), SEEDS)
def test_no_level_is_nearer_than_the_one_chosen(shape, block, seed):
    weight, levels = random(shape, seed), random((7,), seed + 1).clamp(-1, 1).sort().values
    codes, absmax = quantize_blockwise(weight, levels, block=block)
    assert codes.shape == weight.shape and len(absmax) == math.ceil(weight.numel() / block)
    scaled = weight.flatten() / absmax.repeat_interleave(block)[: weight.numel()]
    distance = (scaled[:, None] - levels).abs()
    assert ((scaled - levels[codes.flatten().long()]).abs() <= distance.amin(dim=1) + 1e-6).all()


def test_evenly_spaced_levels_are_symmetric_quantization():
    weight = random((3, 64))
    codes, absmax = quantize_blockwise(weight, torch.arange(-7.0, 8.0) / 7, block=64)
    oracle, scales = quantize_per_group(weight, group=64)
    assert torch.equal(codes.int() - 7, oracle.int())
    assert torch.allclose(absmax, 7 * scales[:, 0])


def test_a_grid_for_bell_shaped_weights_beats_an_even_one():
    weight = random((200, 64))
    normal = torch.distributions.Normal(0.0, 1.0)
    middles = normal.icdf(torch.linspace(0.02, 0.98, 16))
    errors = []
    for levels in (middles / middles.max(), torch.linspace(-1, 1, 16)):
        codes, absmax = quantize_blockwise(weight, levels)
        errors.append((levels[codes.long()] * absmax[:, None] - weight).abs().mean().item())
    assert errors[0] < errors[1]


@given(SEEDS, st.floats(0.01, 2), st.integers(2, 8))
def test_a_fake_quantizer_and_its_gradient_are_those_of_torch(seed, scale, bits):
    limit = 2 ** (bits - 1) - 1
    ours = (random((50,), seed) * limit * scale).requires_grad_()
    theirs = ours.detach().clone().requires_grad_()
    y = fake_quantize(ours, scale, bits=bits)
    oracle = torch.fake_quantize_per_tensor_affine(theirs, scale, 0, -limit, limit)
    ours_inside, end = ours.detach().abs() <= limit * scale, (limit + 0.5) * scale
    apart = ((ours / scale) % 1 - 0.5).abs() > 1e-3  # at a half the two may differ by a step
    assert torch.allclose(y[apart], oracle[apart], atol=1e-5 * scale * limit)
    (y.sum() + oracle.sum()).backward()
    # torch lets the gradient through up to half a step beyond the last code; ours ends at the code.
    between = ~ours_inside & (ours.detach().abs() <= end * 1.001)
    assert torch.equal(ours.grad, ours_inside.float())
    assert torch.equal(ours.grad[~between], theirs.grad[~between])


def test_training_through_a_fake_quantizer_reaches_what_rounding_afterwards_does_not():
    target = torch.tensor([0.9, -1.1, 0.45])
    weight = torch.zeros(3, requires_grad=True)
    optimizer = torch.optim.SGD([weight], lr=0.1)
    for _ in range(100):
        optimizer.zero_grad()
        (fake_quantize(weight, 0.25, bits=4) - target).square().sum().backward()
        optimizer.step()
    assert ((fake_quantize(weight, 0.25, bits=4) - target).abs() <= 0.26).all()


@given(st.floats(-50, 50, width=32), SEEDS)
def test_chance_gives_a_neighbour_and_the_mean(value, seed):
    x = torch.full((4000,), value)
    y = stochastic_round(x, torch.Generator().manual_seed(seed))
    assert ((y == x.floor()) | (y == x.ceil())).all()
    assert abs(y.mean().item() - value) < 5 * 0.5 / math.sqrt(4000)


def test_a_sum_of_small_steps_survives_by_chance_and_not_by_the_nearest():
    generator = torch.Generator().manual_seed(0)
    by_chance, nearest = torch.zeros(200), torch.zeros(200)
    for _ in range(100):
        by_chance, nearest = stochastic_round(by_chance + 0.1, generator), (nearest + 0.1).round()
    assert nearest.max() == 0 and abs(by_chance.mean().item() - 10) < 1


@given(st.integers(1, 6), st.integers(1, 4), st.integers(0, 6), SEEDS)
def test_each_group_keeps_its_largest(group, groups, keep, seed):
    weight = random((3, group * groups), seed)
    if keep > group:
        with pytest.raises(ValueError, match=rf"keep must lie in 0 \.\. group = {group}, got {keep}"):
            n_of_m_mask(weight, keep=keep, group=group)
        return
    mask = n_of_m_mask(weight, keep=keep, group=group)
    for sizes, kept in zip(weight.abs().reshape(-1, group), mask.reshape(-1, group), strict=True):
        assert kept.sum() == keep
        assert not 0 < keep < group or sizes[kept].min() >= sizes[~kept].max()


def test_a_row_that_groups_do_not_fill_is_refused():
    with pytest.raises(ValueError, match="group must divide the last dimension 6, got 4"):
        n_of_m_mask(torch.ones(4, 6))


@given(st.integers(1, 8), st.integers(1, 8), SEEDS)
def test_the_error_of_low_rank_is_the_singular_values_left_out(rows, columns, seed):
    weight = random((rows, columns), seed)
    s = torch.linalg.svdvals(weight)
    for rank in range(1, min(rows, columns) + 1):
        left, right = low_rank_factors(weight, rank)
        assert left.shape == (rows, rank) and right.shape == (rank, columns)
        assert (left @ right - weight).norm().item() == pytest.approx(s[rank:].norm().item(), abs=1e-4)


@pytest.mark.parametrize("rank", [0, 3])
def test_an_impossible_rank_is_refused(rank):
    with pytest.raises(ValueError, match=rf"rank must lie in 1 \.\. 2, got {rank}"):
        low_rank_factors(torch.ones(2, 5), rank)


@given(SIZES, SIZES, SIZES, st.floats(0.1, 32), SEEDS)
def test_a_merged_layer_answers_like_the_layer_and_its_adapter(rows, columns, rank, alpha, seed):
    weight, a, b = (
        random((rows, columns), seed),
        random((rank, columns), seed + 1),
        random((rows, rank), seed + 2),
    )
    x = random((4, columns), seed + 3)
    beside = x @ weight.T + alpha / rank * (x @ a.T @ b.T)
    assert torch.allclose(x @ merge_lora(weight, a, b, alpha=alpha).T, beside, rtol=1e-3, atol=1e-3)


def test_adapters_of_two_ranks_are_refused():
    with pytest.raises(ValueError, match="a and b must have one rank, got 1 and 2"):
        merge_lora(torch.ones(3, 3), torch.ones(1, 3), torch.ones(3, 2), alpha=1.0)


@given(SIZES, SIZES, st.floats(0, 1), SEEDS)
def test_smoothing_changes_no_product(rows, columns, alpha, seed):
    weight, x = random((rows, columns), seed), random((7, columns), seed + 1)
    x[:, 0] *= 50
    smoothed, scales = smooth_linear(weight, x.abs().amax(dim=0), alpha=alpha)
    assert torch.allclose((x / scales) @ smoothed.T, x @ weight.T, rtol=1e-3, atol=1e-2)


def test_smoothing_makes_the_product_in_8_bits_more_exact():
    weight, x = random((32, 64)), random((100, 64), 1)
    x[:, 3] *= 100
    smoothed, scales = smooth_linear(weight, x.abs().amax(dim=0))

    def error(inputs, matrix):
        step, (codes, steps) = inputs.abs().max() / 127, quantize_per_group(matrix, group=64, bits=8)
        return ((inputs / step).round() * step @ (codes * steps).T - x @ weight.T).square().mean().item()

    assert error(x / scales, smoothed) < error(x, weight) / 4


def test_half_shares_the_range_equally():
    weight, peaks = random((5, 6)), torch.rand(6, generator=torch.Generator().manual_seed(0)) + 0.1
    smoothed, scales = smooth_linear(weight, peaks)
    assert torch.allclose(peaks / scales, smoothed.abs().amax(dim=0), rtol=1e-4)


@pytest.mark.parametrize("bias", [True, False])
def test_the_folded_layer_answers_like_both(bias):
    torch.manual_seed(0)
    bn, linear = nn.BatchNorm1d(6), nn.Linear(6, 4, bias=bias)
    for parameter in bn.parameters():
        nn.init.normal_(parameter)
    for _ in range(5):
        bn(random((50, 6)) * 3 + 1)
    both = nn.Sequential(bn, linear)
    folded = fold_input_batchnorm(bn, linear)
    assert both.training
    x = random((10, 6), 3)
    assert torch.allclose(folded(x), both.eval()(x), atol=1e-4)


def test_a_batch_norm_without_statistics_is_refused():
    with pytest.raises(ValueError, match="bn must keep running statistics, got BatchNorm1d"):
        fold_input_batchnorm(nn.BatchNorm1d(3, track_running_stats=False), nn.Linear(3, 2))


def test_steps_with_a_cache_are_causal_attention():
    queries, keys, values = (random((12, 8), seed) for seed in range(3))
    oracle = nn.functional.scaled_dot_product_attention(
        queries[None], keys[None], values[None], is_causal=True
    )[0]
    old_keys, old_values = keys[:0], values[:0]
    for at in range(12):
        output, old_keys, old_values = decode_step(queries[at], keys[at], values[at], old_keys, old_values)
        assert torch.allclose(output, oracle[at], atol=1e-5)
    assert torch.equal(old_keys, keys) and torch.equal(old_values, values)


def test_speculative_decoding_keeps_the_distribution_of_the_large_model():
    """The first token, drawn 20,000 times through the draft, has the frequencies of p."""
    generator = torch.Generator().manual_seed(0)
    target, draft = random((2, 5), 1).softmax(dim=1), (2 * random((1, 5), 2)).softmax(dim=1)
    counts, times = torch.zeros(5), 20_000
    for token in torch.multinomial(draft[0], times, replacement=True, generator=generator):
        accepted, rest = verify_draft(target, draft, token[None], torch.rand(1, generator=generator))
        first = token if accepted else torch.multinomial(rest, 1, generator=generator)[0]
        counts[first] += 1
    assert torch.allclose(counts / times, target[0], atol=4 * 0.5 / math.sqrt(times))


def test_a_draft_of_the_large_model_itself_is_accepted_whole():
    p = random((6, 9)).softmax(dim=1)
    count, rest = verify_draft(p, p[:5], torch.arange(5), torch.full((5,), 0.999))
    assert count == 5 and torch.equal(rest, p[5])


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: quantize_per_group(torch.ones(2, 2), group=0), "group must be at least 1, got 0"),
        (
            lambda: quantize_blockwise(torch.ones(2), torch.ones(1), block=0),
            "block must be at least 1, got 0",
        ),
        (lambda: fake_quantize(torch.ones(2), math.nan), "scale must be above 0, got nan"),
        (
            lambda: smooth_linear(torch.ones(2, 2), torch.ones(2), alpha=1.5),
            r"alpha must lie in \[0, 1\], got 1.5",
        ),
    ],
)
def test_an_argument_out_of_range_is_named_with_its_value(call, message):
    with pytest.raises(ValueError, match=message):
        call()
