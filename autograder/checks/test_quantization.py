"""The judgement of the quantization room: every task with the ways to be wrong that its checks look for.

What the contract leaves open is not judged: fewer than 2 bits or more than 8, a range whose low end is the
higher, a zero point that lies halfway between two integers, the range of no value at all, `dequantize` of
narrow integers with a zero point other than 0. A value within a millionth of a step of a rounding edge may
fall to either side, unless the division is exact: x / s and x * (1 / s) differ in the last place.
"""

# mypy: allow-untyped-defs, no-check-untyped-defs
# Scenarios travel as source text into a worker that has no typing names.

import math
from fractions import Fraction
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from autograder.task import (
    Judge,
    Scenario,
    assert_close,
    assert_equal,
    check,
    integer,
    mapping,
    real,
    scenario,
    sequence,
    tensor,
)

EXPLAINED_IN = {  # task -> section of the lesson
    "affine_params": "3 By hand",
    "symmetric_scale": "3 By hand",
    "quantize": "3 By hand",
    "dequantize": "3 By hand",
    "quantize_per_channel": "4 Build",
    "minmax_range": "3 By hand",
    "percentile_range": "4 Build",
    "mse_range": "4 Build",
    "fold_batchnorm": "4 Build",
    "fixed_point": "4 Build",
    "requantize": "4 Build",
    "integer_linear": "4 Build",
    "quantize_network": "4 Build",
    "quantize_in_budget": "5 Experiment",
}
SHAPES = [(6,), (4, 5), (5, 5), (3, 4, 5), (2, 3, 4, 5)]


def ask(
    judge: Judge,
    scenario: Scenario,
    count: int = 2,
    *,
    cpu_seconds: Any = 5.0,
    fresh: Any = False,
    **inputs: Any,
) -> list[Any]:
    """The `count` values that a scenario returns, taken apart."""
    value = judge.run(scenario, cpu_seconds=cpu_seconds, fresh=fresh, **inputs)
    return sequence(value, what="what came back from the worker", length=count)


def assert_unchanged(got: object, before: Tensor, *, what: str) -> None:
    after = tensor(got, what=what, dtype=before.dtype, shape=before.shape)
    assert torch.equal(after, before), f"the argument {what} was changed; work on a copy"


def randn(judge: Judge, *shape: int) -> Tensor:
    return torch.randn(shape, generator=judge.generator)


def told(known: dict[str, bool]) -> str:
    """The first sentence that fits what came, as the end of a message."""
    return next((f" ({sentence})" for sentence, fits in known.items() if fits), "")


def shown(values: Tensor) -> str:
    """A few numbers as a person would write them."""
    numbers = [f"{value:.6g}" for value in values.flatten().tolist()]
    return f"[{', '.join(numbers)}]" if values.dim() else numbers[0]


# ---- affine_params -----------------------------------------------------------------------------------------
# Wrong: scale over 2^bits, or over the levels of a signed type; the range not widened to 0, or made
# symmetric; the zero point cut off instead of rounded, of the wrong sign, for signed codes, a float,
# outside the code range; low / scale where the high end is meant; bits ignored; 1e-8 added or a least
# scale, which small ranges show; division by zero, or (0.0, 0), for low = high = 0.


@scenario
def call_affine_params(work, low, high, bits=None):
    return work.affine_params(low, high) if bits is None else work.affine_params(low, high, bits=bits)


def assert_affine(judge: Judge, low: float, high: float, bits: int | None) -> None:
    """Scale and zero point of one range; a zero point halfway between two integers may go to either."""
    what = f"affine_params({low:g}, {high:g}" + (f", bits={bits})" if bits else ")")
    got = sequence(judge.run(call_affine_params, low=low, high=high, bits=bits), what=what, length=2)
    scale, zero_point = real(got[0], what=f"scale of {what}"), integer(got[1], what=f"zero point of {what}")
    levels = 2 ** (bits or 8) - 1
    bottom, top = min(low, 0.0), max(high, 0.0)
    want = (top - bottom) / levels
    known = {
        f"{levels + 1} codes have {levels} steps between them: divide by 2^bits - 1": (top - bottom)
        / (levels + 1),
        "the range is not widened to contain 0": (high - low) / levels,
        "that is the symmetric scale": max(top, -bottom) / (levels // 2),
        "that is 1 / scale": 1 / want,
        "bits is ignored": (top - bottom) / 255,
    }
    guess = told({sentence: math.isclose(scale, wrong, rel_tol=1e-5) for sentence, wrong in known.items()})
    assert math.isclose(scale, want, rel_tol=1e-5), (
        f"{what}: expected a scale of {want:.6g}, got {scale:.6g}{guess}"
    )
    exact = -bottom / want
    guess = told(
        {
            "it is cut off, not rounded": zero_point == int(exact),
            "its sign is wrong: code 0 stands for low, so 0.0 is -low / scale codes above it": abs(
                zero_point + exact
            )
            <= 0.5,
            "that is the zero point of signed codes; these run from 0": abs(
                zero_point - exact + (levels + 1) // 2
            )
            <= 0.5,
        }
    )
    near = math.isclose(exact % 1, 0.5, abs_tol=1e-4)
    expected = f"{math.floor(exact)} or {math.ceil(exact)}" if near else str(round(exact))
    assert abs(zero_point - exact) <= 0.5 + 1e-4, (
        f"{what}: -low / scale is {exact:.6g}, expected the zero point {expected}, got {zero_point}{guess}"
    )
    assert 0 <= zero_point <= levels, f"{what}: the zero point {zero_point} is no code of 0 .. {levels}"


@check(
    "affine_params",
    "two ranges by hand",
    public=True,
    hint="From low to high there are 2^bits - 1 steps; 0.0 lies -low / scale steps above code 0, rounded.",
)
def test_affine_params_by_hand(judge: Judge) -> None:
    assert_affine(judge, -0.95, 2.05, 4)  # 3.0 / 15 = 0.2 a step, 0.95 / 0.2 = 4.75, so (0.2, 5)
    assert_affine(judge, -1.0, 4.1, None)  # 5.1 / 255 = 0.02 a step, 1.0 / 0.02 = 50, so (0.02, 50)


@check(
    "affine_params",
    "ranges on one side of zero are widened to contain it",
    hint="low = min(low, 0.0) and high = max(high, 0.0) come first; then 0.0 has a code of its own.",
)
def test_affine_params_widened(judge: Judge) -> None:
    for low, high in ((2.0, 6.0), (-6.0, -2.0), (0.0, 5.1), (-5.1, 0.0), (3.0, 3.0), (-2.0, -2.0)):
        for bits in (8, 3):
            assert_affine(judge, low, high, bits)


@check(
    "affine_params",
    "two to eight bits, ranges of every size",
    hint="Too coarse for a range of 0.000005? Nothing is added to the scale, and it has no least value.",
)
def test_affine_params_bits(judge: Judge) -> None:
    for bits in range(2, 9):
        for size in (1.0, 2e-6, 3e4):
            low, high = (size * (0.1 + end) for end in torch.rand(2, generator=judge.generator).tolist())
            assert_affine(judge, -low, high, bits)


@check(
    "affine_params",
    "low = high = 0 gives (1.0, 0)",
    points=0.5,
    hint="A range of no width has no step: return (1.0, 0) before you divide by the scale.",
)
def test_affine_params_zero(judge: Judge) -> None:
    for bits in (8, 4):
        got = judge.run(call_affine_params, low=0.0, high=0.0, bits=bits)
        scale, zero_point = sequence(got, what="affine_params(0, 0)", length=2)
        scale, zero_point = (
            real(scale, what="the scale of affine_params(0, 0)"),
            integer(zero_point, what="the zero point of affine_params(0, 0)"),
        )
        assert (scale, zero_point) == (1.0, 0), (
            f"affine_params(0, 0, bits={bits}): expected (1.0, 0), got ({scale:g}, {zero_point})"
        )


# ---- symmetric_scale ---------------------------------------------------------------------------------------
# Wrong: no abs, so that a large negative weight does not count; 2^(bits-1), 2^bits - 1 or 127 for every
# bits; the whole range instead of the magnitude; the maximum along the axis instead of over all others, or
# over the last alone; the axis of a square weight mistaken; dimensions kept; axis ignored; scale 0, NaN or
# 1e-8 for zeros, 1 for a tensor with some; a float, or float64. Not judged, for the contract is silent: an
# axis counted from the end, and the axis of a weight that has only one.


@scenario
def call_symmetric_scale(work, weight, bits=None, axis=None, transposed=False):
    weight = weight.transpose(0, -1) if transposed else weight
    given = {name: value for name, value in (("bits", bits), ("axis", axis)) if value is not None}
    return work.symmetric_scale(weight, **given), weight


def magnitudes(weight: Tensor, axis: int | None) -> Tensor:
    """The largest |w| of the tensor, or of each slice along the axis, in float64."""
    if axis is None:
        return weight.double().abs().max()
    return weight.double().abs().movedim(axis, 0).reshape(weight.shape[axis], -1).amax(dim=1)


def scales_of(weight: Tensor, bits: int, axis: int | None) -> Tensor:
    largest = magnitudes(weight, axis)
    return torch.where(largest == 0, 1.0, largest / (2 ** (bits - 1) - 1))


def assert_symmetric(
    judge: Judge, weight: Tensor, bits: int | None, axis: int | None, **options: Any
) -> None:
    scale, after = ask(judge, call_symmetric_scale, weight=weight, bits=bits, axis=axis, **options)
    weight = weight.transpose(0, -1) if options.get("transposed") else weight
    what = f"symmetric_scale of a weight of shape {tuple(weight.shape)}, axis={axis}"
    want = scales_of(weight, bits or 8, axis)
    scale = tensor(scale, what=what, dtype=torch.float32, shape=want.shape)
    assert_close(scale, want, what=f"{what}, bits={bits or 8}", rtol=1e-5, atol=0.0)
    assert_unchanged(after, weight, what="weight")


@check(
    "symmetric_scale",
    "six weights by hand, one scale for all and one for each row",
    public=True,
    hint="Take the largest magnitude, abs() first; with 4 bits it gets code 7, so divide by 7.",
)
def test_symmetric_scale_six_weights(judge: Judge) -> None:
    weight = torch.tensor([[0.7, -1.4, 0.35], [0.28, 0.42, -0.07]])
    cases: list[tuple[int | None, Tensor]] = [(None, torch.tensor(0.2)), (0, torch.tensor([0.2, 0.06]))]
    for axis, want in cases:
        scale, _ = ask(judge, call_symmetric_scale, weight=weight, bits=4, axis=axis)
        what = f"symmetric_scale of [[0.7, -1.4, 0.35], [0.28, 0.42, -0.07]] with bits=4, axis={axis}"
        scale = tensor(scale, what=what, dtype=torch.float32, shape=want.shape)
        signed = weight.max() if axis is None else weight.amax(dim=1)
        mistakes = {
            "the largest weight was taken; the largest magnitude decides": signed / 7,
            "divided by 2^(bits-1) = 8, so that the largest gets a code that does not exist": want * 7 / 8,
            "divided by 2^bits - 1 = 15, the levels of unsigned codes": want * 7 / 15,
            "bits is ignored": want * 7 / 127,
            "not divided by the largest code, 7": want * 7,
        }
        guess = told(
            {sentence: bool(torch.isclose(scale, wrong).all()) for sentence, wrong in mistakes.items()}
        )
        assert not guess, f"{what}: expected {shown(want)}, got {shown(scale)}{guess}"
        assert_close(scale, want, what=what, rtol=1e-5, atol=0.0)


@check(
    "symmetric_scale",
    "one to four dimensions along every axis, two to eight bits, the weight left as it is",
    hint="One scale for each index of the axis, shape (C,): the maximum runs over all the other dimensions.",
)
def test_symmetric_scale_shapes(judge: Judge) -> None:
    assert_symmetric(judge, randn(judge, 4, 5), None, None)
    for bits, shape in zip((8, 4, 2, 3, 7), SHAPES, strict=True):
        weight = randn(judge, *shape)
        for axis in (None, *range(len(shape))):
            for transposed in (False, True):
                assert_symmetric(judge, weight, bits, axis, transposed=transposed)


@check(
    "symmetric_scale",
    "groups of zeros, tiny and huge weights, a single weight",
    hint="Only a group of zeros gets scale 1: torch.where(largest == 0, 1, ...), no least scale.",
)
def test_symmetric_scale_edges(judge: Judge) -> None:
    sizes = torch.tensor([0.0, 1e-20, 1.0, 0.0, 1e20, 1e-9])
    rows = torch.cat([randn(judge, 6, 3), torch.ones(6, 1)], dim=1) * sizes[:, None]
    for weight in (torch.zeros(5), torch.zeros(2, 3), torch.tensor([-2.5]), torch.tensor([[0.0, -1e-9]])):
        assert_symmetric(judge, weight, 8, None)
    for weight in (torch.zeros(2, 3), torch.tensor([[0.0, -1e-9]]), rows):
        assert_symmetric(judge, weight, 8, 0)
    assert_symmetric(judge, rows.T.contiguous(), 4, 1)


# ---- quantize ----------------------------------------------------------------------------------------------
# Wrong: halves rounded away from zero, up, or by int() towards zero; the zero point added before rounding,
# or subtracted, or forgotten; clamped before the zero point is added, at it (F5, all negatives gone), or
# not at all; cast to a narrow type before clamping, so that 200 becomes -56, negatives wrap in unsigned
# types (F4) and huge values in int32; cast without scaling (F6); multiplied by the scale; a scale of one
# element only; limits of 8 bits whatever low and high say; result float, int8 or int64; x or scale changed;
# fails on an empty tensor.


@scenario
def call_quantize(work, x, scale, zero_point, low, high, transposed=False):
    x = x.transpose(0, -1) if transposed else x
    return work.quantize(x, scale, zero_point, low=low, high=high), x, scale


def wrong_codes(ratio: Tensor, x: Tensor, scale: Tensor, zero: int, low: int, high: int) -> dict[str, Tensor]:
    """What known mistakes make of x / scale, each with a sentence."""
    nearest, away = ratio.round(), ratio.sign() * (ratio.abs() + 0.5).floor()
    clamped = {
        "a half was rounded away from zero; halves go to the even neighbour": away + zero,
        "a half was rounded up; halves go to the even neighbour": (ratio + 0.5).floor() + zero,
        "the zero point was added before rounding": (ratio + zero).round(),
        "cut off towards zero instead of rounded": ratio.trunc() + zero,
        "rounded down": ratio.floor() + zero,
        "the zero point was not added": nearest,
        "the zero point was subtracted": nearest - zero,
        "not divided by the scale": x.double().trunc(),
        "multiplied by the scale": (x.double() * scale).round() + zero,
        "negative values were cut off before scaling": ratio.clamp(min=0).round() + zero,
        "cast to 8 bits before it was clamped, so that it wraps around": (nearest + zero + 128) % 256 - 128,
        "cast to unsigned 8 bits before it was clamped, so that it wraps around": (nearest + zero) % 256,
    }
    return {name: codes.clamp(low, high) for name, codes in clamped.items()} | {
        "clamped before the zero point was added": nearest.clamp(low, high) + zero,
        "not clamped": nearest + zero,
    }


def assert_codes(
    judge: Judge,
    x: Tensor,
    scale: float | Tensor,
    zero_point: int,
    low: int,
    high: int,
    *,
    exact: bool = False,
    transposed: bool = False,
) -> None:
    """Every code is the nearest; unless x / scale is exact, both neighbours of a near tie are right."""
    inputs = {"x": x, "scale": scale, "zero_point": zero_point, "low": low, "high": high}
    got, *after = ask(judge, call_quantize, 3, **inputs, transposed=transposed)
    x = x.transpose(0, -1) if transposed else x
    what = f"quantize of x of shape {tuple(x.shape)}"
    codes = tensor(got, what=what, dtype=torch.int32, shape=x.shape)
    step = torch.as_tensor(scale, dtype=torch.float64).expand(x.shape)
    ratio = x.double() / step
    slack = 0.0 if exact else 1e-6 * (ratio.abs() + 1)
    least, most = (ratio - slack).round() + zero_point, (ratio + slack).round() + zero_point
    wrong = (codes < least.clamp(low, high)) | (codes > most.clamp(low, high))
    if bool(wrong.any()):
        at = tuple(int(index) for index in wrong.nonzero()[0])
        known = wrong_codes(ratio, x, step, zero_point, low, high)
        same = {name: torch.equal(codes.double(), made) for name, made in known.items()}
        wide = "cast to an integer before it was clamped: so many steps do not fit into 32 bits"
        guess = told({wide: abs(float(ratio[at])) >= 2**31} | same)
        case = f"scale {float(step[at]):.6g}, zero point {zero_point}, low {low}, high {high}"
        expected = int(least.clamp(low, high)[at])
        raise AssertionError(
            f"quantize of {float(x[at]):.6g} with {case}: expected {expected}, got {int(codes[at])}{guess}"
        )
    assert_unchanged(after[0], x, what="x")
    if isinstance(scale, Tensor):
        assert_unchanged(after[1], scale, what="scale")


@check(
    "quantize",
    "seven values by hand",
    public=True,
    hint="torch.round takes halves to the even neighbour; add the zero point after it, clamp last.",
)
def test_quantize_seven_values(judge: Judge) -> None:
    # x / 0.5 = -2, -0.5, 0, 0.5, 1.5, 2.5, 6; rounded -2, 0, 0, 0, 2, 2, 6; plus 3, at most 7
    x = torch.tensor([-1.0, -0.25, 0.0, 0.25, 0.75, 1.25, 3.0])
    assert_codes(judge, x, 0.5, 3, 0, 7, exact=True)


@check(
    "quantize",
    "200 becomes 127, not -56",
    public=True,
    hint="Clamp while the values are still wide, then cast: an 8-bit integer cannot hold 200.",
)
def test_quantize_saturates(judge: Judge) -> None:
    x = torch.tensor([200.0, -200.0, 127.0, 128.0, -128.0, -129.0, 300.0])
    assert_codes(judge, x, 1.0, 0, -128, 127, exact=True)
    assert_codes(judge, x, 1.0, 100, 0, 255, exact=True)
    assert_codes(judge, torch.tensor([1e12, -1e12, 3e9, -3e9]), 0.5, -7, -128, 127, exact=True)


@check(
    "quantize",
    "halves go to the even neighbour, whatever the zero point",
    hint="The zero point comes after rounding: round(0.5) + 1 is 1, but round(0.5 + 1) is 2.",
)
def test_quantize_halves(judge: Judge) -> None:
    x = torch.arange(-9.5, 10.0, 0.5)
    for scale in (1.0, 0.25, 8.0):
        for zero_point in (0, 1, -3, 8):
            assert_codes(judge, x * scale, scale, zero_point, -128, 127, exact=True)


@check(
    "quantize",
    "scales of every shape, one to four dimensions, the arguments left as they are",
    hint="x / scale broadcasts by itself: a scale of shape (C, 1, 1, 1) divides each filter by its own.",
)
def test_quantize_broadcasts(judge: Judge) -> None:
    for shape in SHAPES:
        sizes = [(1,) * len(shape), (shape[0],) + (1,) * (len(shape) - 1), shape[-1:], shape]
        x = randn(judge, *shape)
        assert_codes(judge, x, 0.0371, 5, -20, 20)
        assert_codes(judge, x, torch.tensor(0.0371), 5, -20, 20)
        assert_codes(judge, x, 0.0371, 5, -20, 20, transposed=True)
        for size in sizes:
            scale = 0.01 + 0.1 * torch.rand(size, generator=judge.generator)
            assert_codes(judge, x, scale, 5, -20, 20)
    x, scale = randn(judge, 2, 3, 4, 5), 0.01 + 0.1 * torch.rand(1, 3, 1, 1, generator=judge.generator)
    assert_codes(judge, x, scale, 128, 0, 255)


@check(
    "quantize",
    "limits of two to thirty-two bits, an empty tensor, a single value",
    points=0.5,
    hint="low and high say which codes there are, not the dtype; the result is int32 in every case.",
)
def test_quantize_limits(judge: Judge) -> None:
    x = randn(judge, 50)
    for low, high, zero_point in (
        (-1, 1, 0),
        (0, 3, 1),
        (-7, 7, 0),
        (0, 255, 255),
        (-32767, 32767, 0),
        (4, 9, 2),
    ):
        assert_codes(judge, x, 3.7 / (high - low), zero_point, low, high)
    bias = torch.tensor([1000.0, -1000.0, 0.5, 2.0**-12, 0.0])  # a bias has 32 bits
    assert_codes(judge, bias, 2.0**-10, 0, -(2**31), 2**31 - 1, exact=True)
    assert_codes(judge, torch.zeros(0, 3), 0.5, 1, 0, 255)
    assert_codes(judge, torch.tensor([-0.31]), torch.tensor([0.1]), 0, -7, 7)


# ---- dequantize --------------------------------------------------------------------------------------------
# Wrong: the zero point forgotten, added, or subtracted after scaling; divided by the scale; codes handed
# back as floats (F15); clipped at the zero point, so that what is below comes back as 0 (F5); rounded, or
# an integer tensor; codes cast to 8 bits first; a scale of one element only; float64 from numpy; the zero
# point comes back as something near 0; codes changed; int8 codes refused.


@scenario
def call_dequantize(work, codes, scale, zero_point, transposed=False):
    codes = codes.transpose(0, -1) if transposed else codes
    return work.dequantize(codes, scale, zero_point), codes, scale


def assert_values(
    judge: Judge, codes: Tensor, scale: float | Tensor, zero_point: int, *, transposed: bool = False
) -> None:
    inputs = {"codes": codes, "scale": scale, "zero_point": zero_point}
    got, *after = ask(judge, call_dequantize, 3, **inputs, transposed=transposed)
    codes = codes.transpose(0, -1) if transposed else codes
    what = f"dequantize of codes of dtype {codes.dtype} and shape {tuple(codes.shape)}"
    values = tensor(got, what=what, dtype=torch.float32, shape=codes.shape)
    step = torch.as_tensor(scale, dtype=torch.float64).expand(codes.shape)
    want = (codes.double() - zero_point) * step
    wrong = (values - want).abs() > 1e-4 * step + 1e-5 * want.abs()
    if not bool(values.isfinite().all()) or bool(wrong.any()):
        at = tuple(int(index) for index in (wrong | ~values.isfinite()).nonzero()[0])
        known = {
            "the zero point was not subtracted": codes * step,
            "the zero point was added": (codes + zero_point) * step,
            "the zero point was subtracted after scaling": codes * step - zero_point,
            "divided by the scale": (codes.double() - zero_point) / step,
            "those are the codes; they stand for multiples of the scale": codes.double(),
            "not multiplied by the scale": codes.double() - zero_point,
            "codes below the zero point stand for negative values": want.clamp(min=0),
        }
        same = {name: bool(torch.isclose(values.double(), value).all()) for name, value in known.items()}
        case = f"code {int(codes[at])} with scale {float(step[at]):.6g} and zero point {zero_point}"
        raise AssertionError(
            f"dequantize of {case}: expected {float(want[at]):.6g}, got {float(values[at]):.6g}{told(same)}"
        )
    zeros = values[codes == zero_point]
    assert not bool(zeros.any()), (
        f"the zero point {zero_point} stands for exactly 0, but came back as {float(zeros.abs().max()):.3g}; "
        f"subtract it from the codes, then multiply"
    )
    assert_unchanged(after[0], codes, what="codes")
    if isinstance(scale, Tensor):
        assert_unchanged(after[1], scale, what="scale")


@check(
    "dequantize",
    "five codes by hand",
    public=True,
    hint="How many steps is the code above the zero point, and how long is a step?",
)
def test_dequantize_five_codes(judge: Judge) -> None:
    codes = torch.tensor([0, 3, 5, 6, 15], dtype=torch.int32)  # -1.25, -0.5, 0, 0.25, 2.5
    assert_values(judge, codes, 0.25, 5)


@check(
    "dequantize",
    "scales of every shape, one to four dimensions, the arguments left as they are",
    hint="The scale broadcasts as in quantize; a scale of shape (C, 1, 1, 1) belongs to the filters.",
)
def test_dequantize_broadcasts(judge: Judge) -> None:
    for shape in SHAPES:
        sizes = [(1,) * len(shape), (shape[0],) + (1,) * (len(shape) - 1), shape[-1:], shape]
        codes = torch.randint(0, 256, shape, generator=judge.generator).int()
        assert_values(judge, codes, 0.0371, 77)
        assert_values(judge, codes, torch.tensor(0.0371), 77)
        assert_values(judge, codes, 0.0371, 77, transposed=True)
        for size in sizes:
            scale = 0.01 + 0.1 * torch.rand(size, generator=judge.generator)
            assert_values(judge, codes, scale, 77)
    codes = torch.randint(-128, 128, (2, 3, 4, 5), generator=judge.generator).int()
    assert_values(judge, codes, 0.01 + 0.1 * torch.rand(1, 3, 1, 1, generator=judge.generator), -12)


@check(
    "dequantize",
    "codes of 8 and of more bits, the zero point itself, an empty tensor",
    hint="int8 codes of weights, int32 codes of a bias: all become float32, and the zero point exactly 0.0.",
)
def test_dequantize_edges(judge: Judge) -> None:
    for zero_point, scale in ((3, 0.1), (128, 0.3), (255, 0.0137), (-128, 1e-4), (97, 1 / 255)):
        assert_values(
            judge, torch.tensor([zero_point, zero_point + 1, 0], dtype=torch.int32), scale, zero_point
        )
    codes = torch.randint(-127, 128, (4, 3, 2, 2), generator=judge.generator)
    scales = torch.tensor([0.02, 1e-6, 300.0, 0.5]).view(4, 1, 1, 1)
    assert_values(judge, codes.to(torch.int8), scales, 0)
    assert_values(judge, codes.to(torch.int8), 0.02, 0)
    assert_values(judge, torch.tensor([-(2**20), 2**20, 1000], dtype=torch.int32), 2.0**-10, 0)
    assert_values(judge, torch.zeros((0, 3), dtype=torch.int32), 0.5, 1)


# ---- quantize_per_channel ----------------------------------------------------------------------------------
# Wrong: one scale for the whole weight; the scales of another axis, seen on a square weight; axis ignored;
# scales that keep their dimensions; cut off instead of rounded; divided by
# 2^(bits-1), so that the largest becomes 128 and wraps; codes of -2^(bits-1); 2^bits - 1 levels cast to
# unsigned codes (F4); all negatives clipped (F5); cast without scaling (F6); codes stored as int32 or
# float; dequantized weights; the two results exchanged; no abs; NaN for a channel of zeros; bits ignored;
# the weight changed.
# Not judged: halves (the contract rounds them in quantize); any positive scale of a channel of zeros.


@scenario
def call_quantize_per_channel(work, weight, bits=None, axis=None, transposed=False):
    weight = weight.transpose(0, -1) if transposed else weight
    given = {name: value for name, value in (("bits", bits), ("axis", axis)) if value is not None}
    codes, scales = work.quantize_per_channel(weight, **given)
    return codes, scales, weight


def assert_per_channel(
    judge: Judge, weight: Tensor, bits: int | None, axis: int | None, *, transposed: bool = False
) -> None:
    """The scales, and every code the nearest level of its channel."""
    inputs = {"weight": weight, "bits": bits, "axis": axis, "transposed": transposed}
    got, scales, after = ask(judge, call_quantize_per_channel, 3, **inputs)
    weight = weight.transpose(0, -1) if transposed else weight
    bits, axis = bits or 8, axis or 0
    what = f"quantize_per_channel of shape {tuple(weight.shape)}, bits={bits}, axis={axis}"
    codes = tensor(got, what=f"codes of {what}", dtype=torch.int8, shape=weight.shape)
    want = scales_of(weight, bits, axis)
    scales = tensor(scales, what=f"scales of {what}", dtype=torch.float32, shape=want.shape, finite=True)
    zeros = magnitudes(weight, axis) == 0
    assert bool((scales[zeros] > 0).all()), f"scales of {what}: a channel of zeros needs a positive scale"
    off = ~torch.isclose(scales.double(), want, rtol=1e-5, atol=0.0) & ~zeros
    if bool(off.any()):
        channel, largest = int(off.nonzero()[0]), 2 ** (bits - 1)
        known = {
            "that is the scale of the whole weight": scales_of(weight, bits, None),
            "that gives the largest weight code 2^(bits-1), which does not exist": want
            * (largest - 1)
            / largest,
            "that is for codes from 0 to 2^bits - 1": want * (largest - 1) / (2 * largest - 1),
            "bits is ignored": want * (largest - 1) / 127,
        }
        same = {
            name: bool(torch.isclose(scales.double(), wrong, 1e-5, 0.0).all())
            for name, wrong in known.items()
        }
        raise AssertionError(
            f"scales of {what}: channel {channel} expected {float(want[channel]):.6g}, "
            f"got {float(scales[channel]):.6g}{told(same)}"
        )
    along = [1] * weight.dim()
    along[axis] = -1
    ratio = weight.double() / torch.where(zeros, 1.0, want).view(along)
    wrong = (codes.double() - ratio).abs() > 0.5 + 1e-3
    if bool(wrong.any()):
        at = tuple(int(index) for index in wrong.nonzero()[0])
        guess = told(
            {
                "cut off towards zero instead of rounded": torch.equal(codes.double(), ratio.trunc()),
                "negative weights need negative codes": bool((codes >= 0).all()) and bool((ratio < -1).any()),
            }
        )
        raise AssertionError(
            f"codes of {what}: {float(weight[at]):.6g} is {float(ratio[at]):.6g} steps of its channel, "
            f"got the code {int(codes[at])}{guess}"
        )
    limit = 2 ** (bits - 1) - 1
    assert bool((codes.abs() <= limit).all()), f"codes of {what}: expected codes within +-{limit}"
    assert_unchanged(after, weight, what="weight")


@check(
    "quantize_per_channel",
    "two rows by hand",
    public=True,
    hint="The second row has only zeros and ones? Give each row its own scale: its largest magnitude over 7.",
)
def test_quantize_per_channel_two_rows(judge: Judge) -> None:
    weight = torch.tensor([[0.6, -1.4, 0.31], [0.07, 0.021, -0.05]])
    codes, scales, _ = ask(judge, call_quantize_per_channel, 3, weight=weight, bits=4)
    codes = tensor(codes, what="codes", dtype=torch.int8, shape=(2, 3))
    scales = tensor(scales, what="scales", dtype=torch.float32, shape=(2,))
    assert_close(
        scales, torch.tensor([0.2, 0.01]), what="scales of [[0.6, -1.4, 0.31], [0.07, 0.021, -0.05]]"
    )
    want = torch.tensor([[3, -7, 2], [7, 2, -5]], dtype=torch.int8)
    assert_equal(codes, want, what="codes of [[0.6, -1.4, 0.31], [0.07, 0.021, -0.05]] with bits=4")


@check(
    "quantize_per_channel",
    "one to four dimensions along every axis, two to eight bits, the weight left as it is",
    hint="scales have shape (C,); to divide, view them as (1, C, 1, 1) with C at the axis.",
)
def test_quantize_per_channel_shapes(judge: Judge) -> None:
    assert_per_channel(judge, randn(judge, 5, 5) * torch.logspace(-3, 0, 5), None, None)
    for bits, shape in zip((8, 4, 2, 3, 7), SHAPES, strict=True):
        for axis in range(len(shape)):
            size = torch.logspace(-2, 1, shape[axis]).view(-1, *[1] * (len(shape) - 1 - axis))
            weight = randn(judge, *shape) * size
            assert_per_channel(judge, weight, bits, axis)
            assert_per_channel(judge, weight, bits, axis, transposed=True)


@check(
    "quantize_per_channel",
    "channels of zeros, of tiny and of huge weights, a single weight",
    hint="0 / 0 is NaN, and NaN cast to an integer is anything: a channel of zeros has scale 1 and codes 0.",
)
def test_quantize_per_channel_edges(judge: Judge) -> None:
    sizes = torch.tensor([0.0, 1e-20, 1.0, 0.0, 1e20, 1e-9])
    for bits in (8, 3):
        assert_per_channel(judge, randn(judge, 6, 4) * sizes[:, None], bits, 0)
        assert_per_channel(judge, randn(judge, 2, 6, 3) * sizes[:, None], bits, 1)
        assert_per_channel(judge, torch.tensor([[-2.5]]), bits, 1)
        assert_per_channel(judge, torch.zeros(3, 2, 2, 2), bits, 0)


# ---- minmax_range ------------------------------------------------------------------------------------------
# Wrong: widened to contain 0 (affine_params does that), or made symmetric; magnitudes; the two exchanged;
# tensors instead of floats; the range of each row or of the first sample, or their mean; outliers left out;
# rounded.


@scenario
def call_minmax_range(work, x, transposed=False):
    x = x.transpose(0, -1) if transposed else x
    return work.minmax_range(x), x


def ends(got: object, *, what: str) -> tuple[float, float]:
    """The two floats of a range, the lower one first."""
    low, high = sequence(got, what=what, length=2)
    low, high = real(low, what=f"low end of {what}"), real(high, what=f"high end of {what}")
    assert low <= high, f"{what}: the low end {low:.6g} lies above the high end {high:.6g}"
    return low, high


def assert_minmax(judge: Judge, x: Tensor, *, transposed: bool = False) -> None:
    got, after = ask(judge, call_minmax_range, x=x, transposed=transposed)
    x = x.transpose(0, -1) if transposed else x
    what = (
        f"minmax_range of {shown(x)}"
        if x.dim() == 1 and x.numel() < 5
        else f"minmax_range of {tuple(x.shape)}"
    )
    low, high = ends(got, what=what)
    want = float(x.min()), float(x.max())
    guess = told(
        {
            "0 is not in x; affine_params widens the range": (low, high)
            == (min(want[0], 0), max(want[1], 0)),
            "the range is not made symmetric": low == -high,
        }
    )
    assert (low, high) == want, (
        f"{what}: expected ({want[0]:.6g}, {want[1]:.6g}), got ({low:.6g}, {high:.6g}){guess}"
    )
    assert_unchanged(after, x, what="x")


@check(
    "minmax_range",
    "four values by hand",
    public=True,
    hint="Two Python floats: .item() or float() turns a tensor of one element into a number.",
)
def test_minmax_range_four_values(judge: Judge) -> None:
    assert_minmax(judge, torch.tensor([[0.5, -1.5], [2.25, 0.0]]))
    assert_minmax(judge, torch.tensor([3.0, 1.0, 2.0]))


@check(
    "minmax_range",
    "values on one side of zero, a single value, outliers",
    hint="The range is what was seen, nothing else: not widened, not smoothed, no outlier left out.",
)
def test_minmax_range_edges(judge: Judge) -> None:
    cases = ([2.0, 5.0], [-5.0, -2.0], [-3.5], [0.0, 0.0], [0.1, 0.1], [1e30, -1e-30], [-1e20, 1e10, 1.0])
    for values in cases:
        assert_minmax(judge, torch.tensor(values))
    assert_minmax(judge, randn(judge, 1000).index_fill(0, torch.tensor([417]), 1e4))


@check(
    "minmax_range",
    "one to four dimensions, x left as it is",
    hint="One range for the whole tensor, over all dimensions.",
)
def test_minmax_range_shapes(judge: Judge) -> None:
    for shape in SHAPES:
        for shift in (0.0, 10.0):
            assert_minmax(judge, randn(judge, *shape) - shift)
            assert_minmax(judge, randn(judge, *shape) + shift, transposed=True)


# ---- percentile_range --------------------------------------------------------------------------------------
# Wrong: cut at the top alone; 1 - coverage cut from each tail; quantiles of the magnitudes, a symmetric
# range; the nearest value or the next lower one instead of interpolation; coverage taken as a percentage or
# as a share of the width; mean and deviations; duplicates dropped first; each row for itself; a default of
# 0.99; tensors instead of floats; the two exchanged; x sorted in place; a sum for the mean of the tails.


@scenario
def call_percentile_range(work, x, coverage=None, transposed=False):
    x = x.transpose(0, -1) if transposed else x
    given = {} if coverage is None else {"coverage": coverage}
    return work.percentile_range(x, **given), x


def quantile(ordered: Tensor, rank: float) -> float:
    """The value at a rank that need not be whole, by linear interpolation."""
    rank = min(max(rank, 0.0), len(ordered) - 1.0)
    below, above = ordered[math.floor(rank)].item(), ordered[math.ceil(rank)].item()
    return below + (rank - math.floor(rank)) * (above - below)


def assert_percentiles(judge: Judge, x: Tensor, coverage: float | None, *, transposed: bool = False) -> None:
    """Both ends, with the slack that ranks computed in float32 need."""
    got, after = ask(judge, call_percentile_range, x=x, coverage=coverage, transposed=transposed)
    x = x.transpose(0, -1) if transposed else x
    share = 0.999 if coverage is None else coverage
    what = f"percentile_range of {x.numel()} values with coverage={share}"
    low, high = ends(got, what=what)
    ordered, last = x.flatten().sort().values.double(), x.numel() - 1
    slack = 1e-6 * (last + 1)

    def fits(end: float, part: float) -> bool:
        rank, room = part * last, 1e-6 * max(abs(ordered[0].item()), abs(ordered[-1].item()))
        return quantile(ordered, rank - slack) - room <= end <= quantile(ordered, rank + slack) + room

    tail = (1 - share) / 2
    if not (fits(low, tail) and fits(high, 1 - tail)):
        guess = told(
            {
                "cut at the top alone; half of the rest goes from each tail": fits(low, 0)
                and fits(high, share),
                "1 - coverage was cut from each tail; half of it goes from each": fits(low, 1 - share)
                and fits(high, share),
                "nothing was cut": fits(low, 0) and fits(high, 1),
                "coverage is a share, not a percentage": fits(low, 0.5 - share / 200)
                and fits(high, 0.5 + share / 200),
                "a symmetric range; the two tails are cut for themselves": math.isclose(low, -high)
                and not math.isclose(quantile(ordered, tail * last), -quantile(ordered, (1 - tail) * last)),
                "a value of x; between two values it is interpolated": low in ordered and high in ordered,
            }
        )
        want = quantile(ordered, tail * last), quantile(ordered, (1 - tail) * last)
        raise AssertionError(
            f"{what}: expected ({want[0]:.6g}, {want[1]:.6g}), got ({low:.6g}, {high:.6g}){guess}"
        )
    assert_unchanged(after, x, what="x")


@check(
    "percentile_range",
    "eleven values by hand",
    public=True,
    hint="Coverage 0.7 leaves 0.3 outside, 0.15 on either side: the quantiles 0.15 and 0.85.",
)
def test_percentile_range_eleven_values(judge: Judge) -> None:
    # sorted 0 .. 10; the 0.15 quantile has rank 0.15 * 10 = 1.5, halfway between 1 and 2: (1.5, 8.5)
    x = torch.tensor([7.0, 0.0, 10.0, 3.0, 8.0, 1.0, 5.0, 2.0, 9.0, 4.0, 6.0])
    assert_percentiles(judge, x, 0.7)


@check(
    "percentile_range",
    "values that are not symmetric, from half to all of them",
    hint="Each tail loses the same share of the values, not the same width; every zero of a ReLU counts.",
)
def test_percentile_range_skewed(judge: Judge) -> None:
    skewed = randn(judge, 201).exp()
    for x in (
        skewed,
        -skewed,
        randn(judge, 300).relu(),
        torch.randint(-2, 5, (50,), generator=judge.generator),
    ):
        for coverage in (0.5, 0.8, 0.95, 0.99, 1.0):
            assert_percentiles(judge, x.float(), coverage)


@check(
    "percentile_range",
    "one to four dimensions and many values, coverage 0.999 unless told otherwise, x left as it is",
    hint="One range for the whole tensor, over all dimensions; do not sort x in place.",
)
def test_percentile_range_shapes(judge: Judge) -> None:
    for shape in SHAPES:
        x = randn(judge, *shape) * 2 + 0.5
        assert_percentiles(judge, x, 0.8)
        assert_percentiles(judge, x, 0.7, transposed=True)
    many = randn(judge, 4, 5, 50, 50).pow(3) + 0.1
    assert_percentiles(judge, many, None)
    assert_percentiles(judge, many, 0.99, transposed=True)


@check(
    "percentile_range",
    "few values, equal values, everything covered",
    points=0.5,
    hint="Coverage 1 is the range from the least to the largest; one value is its own range.",
)
def test_percentile_range_edges(judge: Judge) -> None:
    for values in ([-2.5], [1.0, 3.0], [0.3] * 7, [0.0] * 4, [-1.0, 1e6, 0.0]):
        for coverage in (1.0, 0.999, 0.5):
            assert_percentiles(judge, torch.tensor(values), coverage)


# ---- mse_range ---------------------------------------------------------------------------------------------
# Wrong: the min-max range itself; the largest error; clipping ignored (the smallest range wins), or
# rounding ignored (the largest wins); absolute error, maximum error, or the error of the mean; a symmetric
# range, or a symmetric quantizer; bits ignored, one bit too many; factors from 0, up to (steps - 1) /
# steps, from 0.5, of fixed number; only one end shrunk, or both towards their middle; the factor returned;
# ends exchanged; tensors; x changed.
# A tie, or what float32 cannot tell from one, may go to either factor.


@scenario
def call_mse_range(work, x, bits=None, steps=None, transposed=False):
    x = x.transpose(0, -1) if transposed else x
    given = {name: value for name, value in (("bits", bits), ("steps", steps)) if value is not None}
    return work.mse_range(x, **given), x


def error_of(x: Tensor, low: float, high: float, bits: int) -> float:
    """The mean squared error of x on the affine grid of a range, in float64."""
    low, high = min(low, 0.0), max(high, 0.0)
    scale = (high - low) / (2**bits - 1) or 1.0
    zero_point = round(-low / scale)
    codes = ((x.double() / scale).round() + zero_point).clamp(0, 2**bits - 1)
    return float(((codes - zero_point) * scale - x.double()).square().mean())


def assert_least_error(
    judge: Judge, x: Tensor, bits: int | None, steps: int | None, *, transposed: bool = False
) -> None:
    got, after = ask(judge, call_mse_range, x=x, bits=bits, steps=steps, transposed=transposed)
    x = x.transpose(0, -1) if transposed else x
    bits, steps = bits or 8, steps or 100
    what = f"mse_range of {x.numel()} values with bits={bits}, steps={steps}"
    low, high = ends(got, what=what)
    bottom, top = float(x.min()), float(x.max())
    size = max(-bottom, top)
    place = steps * (high / top if size == top else low / bottom) if size else 1.0
    count = min(max(round(place), 1), steps)
    shrunk = bottom * count / steps, top * count / steps
    same_low = abs(low - shrunk[0]) <= 1e-5 * size or (bottom > 0 and low == 0)  # affine_params widens it
    same_high = abs(high - shrunk[1]) <= 1e-5 * size or (top < 0 and high == 0)
    assert same_low and same_high and abs(place - count) < 1e-3, (
        f"{what}: ({low:.6g}, {high:.6g}) is not k/{steps} of the min-max range ({bottom:.6g}, {top:.6g}) "
        f"for any k from 1 to {steps}"
    )
    errors = [error_of(x, bottom * k / steps, top * k / steps, bits) for k in range(1, steps + 1)]
    least = min(errors)
    best = errors.index(least) + 1
    assert errors[count - 1] <= least * (1 + 1e-3) + 1e-12 * size**2, (
        f"{what}: k = {count} of {steps} was chosen, with a mean squared error of {errors[count - 1]:.4g}; "
        f"k = {best}, ({bottom * best / steps:.6g}, {top * best / steps:.6g}), has {least:.4g}"
    )
    assert_unchanged(after, x, what="x")


def tailed(judge: Judge, count: int) -> Tensor:
    """Values with long tails between -3 and 5: -low / scale is never halfway between two integers."""
    body = (randn(judge, count).pow(3) * 0.2).clamp(-2.9, 4.9)
    return torch.cat([body, torch.tensor([-3.0, 5.0])])


@check(
    "mse_range",
    "two ranges and two bits by hand",
    public=True,
    hint="For each range: quantize, dequantize, mean squared difference to x. What is clipped counts too.",
)
def test_mse_range_by_hand(judge: Judge) -> None:
    # With 2 bits (0, 6) has the levels 0, 2, 4, 6, and each 1 or 3 is wrong by 1; (0, 3) has 0, 1, 2, 3, and
    # the 6 is wrong by 3.
    few, many = [0.0, 1.0, 1.0, 1.0, 2.0, 3.0, 3.0, 3.0, 6.0], [0.0] + 6 * [1.0] + 6 * [3.0] + [6.0]
    assert_least_error(judge, torch.tensor(few), 2, 2)  # 6 against 9: (0, 6)
    assert_least_error(judge, torch.tensor(many), 2, 2)  # 12 against 9: (0, 3)


@check(
    "mse_range",
    "long tails at two to eight bits",
    hint="At 8 bits hardly anything is cut, at 3 bits much: bits belongs to the search.",
)
def test_mse_range_bits(judge: Judge) -> None:
    for bits in (2, 3, 4, 6, 8):
        assert_least_error(judge, tailed(judge, 1500), bits, None)
    assert_least_error(judge, tailed(judge, 1500) * 1e-3, None, None)


@check(
    "mse_range",
    "exactly `steps` factors, from 1/steps to 1",
    hint="factors k / steps for k = 1 .. steps: neither 0 nor a gap, and 1 is among them.",
)
def test_mse_range_steps(judge: Judge) -> None:
    for steps in (1, 2, 3, 7, 40):
        assert_least_error(judge, tailed(judge, 400), 4, steps)
        assert_least_error(judge, torch.linspace(-3.0, 5.0, 65), 8, steps)  # even: nothing should be cut
    # (0, 6) beats the ranges next to it, (0, 3) beats them all: 20 ones are worth more than the one 6
    valley = torch.tensor([0.0] + 20 * [1.0] + 500 * [2.0] + [6.0])
    assert_least_error(judge, valley, 2, 20)
    far = torch.cat([randn(judge, 20000) * 0.25, torch.tensor([-3.0, 5.0])])  # two outliers
    assert_least_error(judge, far, 4, 20)
    assert_least_error(judge, far, None, None)  # 8 bits and 100 steps: 7 or 9 bits cut elsewhere


@check(
    "mse_range",
    "values on one side of zero, one to four dimensions, x left as it is",
    hint="Both ends are multiplied by the same factor; zeros alone give (0.0, 0.0).",
)
def test_mse_range_shapes(judge: Judge) -> None:
    positive = randn(judge, 600).exp()
    for x in (positive, -positive, randn(judge, 600).pow(3).relu()):
        assert_least_error(judge, x, 4, None)
    for values in ([0.0, 0.0, 0.0], [3.0, 3.0], [-2.0], [4.0]):
        assert_least_error(judge, torch.tensor(values), 8, 10)
    for shape in ((20, 21), (6, 7, 10), (3, 4, 5, 7)):
        x = tailed(judge, 418).view(shape)
        assert_least_error(judge, x, 4, 30)
        assert_least_error(judge, x, 3, 30, transposed=True)


# ---- fold_batchnorm ----------------------------------------------------------------------------------------
# Wrong: eps forgotten, or added outside the root; divided by the variance; the convolution's bias dropped, or
# not scaled; beta forgotten; the mean added; factors along the input channels; groups, stride, padding or
# dilation lost; statistics of the batch; the arguments changed, in value or in mode; a Sequential of both;
# the new weight written into the old convolution.
# Not judged: a batch norm without gamma and beta or without running statistics, padding modes (the contract
# names bias and groups; most answers that make a new nn.Conv2d hand on neither).


@scenario
def call_fold_batchnorm(work, settings, conv_state, bn_state, eps, x, training):
    conv = nn.Conv2d(**settings)
    bn = nn.BatchNorm2d(settings["out_channels"], eps=eps)
    conv.load_state_dict(conv_state)
    bn.load_state_dict(bn_state)
    conv.train(training)
    bn.train(training)
    modes = conv.training, bn.training
    folded = work.fold_batchnorm(conv, bn)
    kind = type(folded).__name__ if not isinstance(folded, nn.Conv2d) else "Conv2d"
    after = {f"conv.{k}": v.detach() for k, v in conv.state_dict().items()}
    after |= {f"bn.{k}": v.detach() for k, v in bn.state_dict().items()}
    same = (conv.training, bn.training) == modes
    if kind != "Conv2d":
        return kind, None, after, same
    with torch.no_grad():
        out = folded(x)
    return kind, out.detach(), after, same


def batchnorm_state(generator: torch.Generator, count: int) -> dict[str, Tensor]:
    """Numbers of a batch norm in which every part counts: small variances, gammas of both signs."""
    state = {
        "weight": torch.randn(count, generator=generator) + 0.5,
        "bias": torch.randn(count, generator=generator),
        "running_mean": torch.randn(count, generator=generator),
        "running_var": torch.rand(count, generator=generator) * 2 + 0.1,
    }
    return state | {"num_batches_tracked": torch.tensor(7)}


def assert_folds(
    judge: Judge,
    settings: dict[str, Any],
    conv: dict[str, Tensor],
    bn: dict[str, Tensor],
    x: Tensor,
    *,
    eps: float = 1e-5,
    training: bool = False,
) -> None:
    """The folded convolution equals convolution and batch norm; nothing given has changed."""
    inputs = {"settings": settings, "conv_state": conv, "bn_state": bn, "eps": eps, "x": x}
    kind, out, after, same = ask(judge, call_fold_batchnorm, 4, training=training, **inputs)
    assert kind == "Conv2d", f"fold_batchnorm: expected an nn.Conv2d, got a {kind}"
    knobs = {name: settings[name] for name in ("stride", "padding", "dilation", "groups") if name in settings}
    weight, bias, images = conv["weight"].double(), conv.get("bias"), x.double()
    plain = torch.nn.functional.conv2d(images, weight, None, **knobs)
    mean, variance, gamma, beta = (
        bn[name].double().view(-1, 1, 1) for name in ("running_mean", "running_var", "weight", "bias")
    )
    shift = 0.0 if bias is None else bias.double().view(-1, 1, 1)
    root = (variance + eps).sqrt()
    want = (plain + shift - mean) / root * gamma + beta
    case = ", ".join(f"{name}={value}" for name, value in settings.items())
    got = tensor(out, what=f"the output of the folded Conv2d({case})", dtype=torch.float32, finite=True)
    what = f"the output of the folded Conv2d({case})"
    tensor(got, what=what, shape=tuple(want.shape))
    known = {
        "eps is missing under the root": (plain + shift - mean) / variance.sqrt() * gamma + beta,
        "eps belongs under the root": (plain + shift - mean) / (variance.sqrt() + eps) * gamma + beta,
        "it divides by the variance, not by its root": (plain + shift - mean) / (variance + eps) * gamma
        + beta,
        "the bias of the convolution is lost": (plain - mean) / root * gamma + beta,
        "the bias of the convolution is scaled too: factor * (bias - mean)": (plain - mean) / root * gamma
        + beta
        + shift,
        "beta, the bias of the batch norm, is lost": (plain + shift - mean) / root * gamma,
        "the mean is to be taken off": (plain + shift + mean) / root * gamma + beta,
        "gamma, the weight of the batch norm, is lost": (plain + shift - mean) / root + beta,
        "the mean is lost": (plain + shift) / root * gamma + beta,
        "that is the convolution alone": plain + shift,
    }
    close = 2e-4 * max(1.0, float(want.abs().max()))
    if not torch.allclose(got.double(), want, rtol=1e-4, atol=close):
        said = told(
            {
                name: torch.allclose(got.double(), wrong, rtol=1e-4, atol=close)
                for name, wrong in known.items()
            }
        )
        off = float((got.double() - want).abs().max())
        raise AssertionError(f"{what} is off by up to {off:.4g} from bn(conv(x)) in eval mode{said}")
    after = mapping(
        after, what="the arguments", keys=[*(f"conv.{n}" for n in conv), *(f"bn.{n}" for n in bn)]
    )
    for name, value in conv.items():
        assert_unchanged(after[f"conv.{name}"], value, what=f"conv ({name})")
    for name, value in bn.items():
        assert_unchanged(after[f"bn.{name}"], value, what=f"bn ({name})")
    assert same is True, "conv or bn was left in another mode (train or eval) than it had"


@check(
    "fold_batchnorm",
    "one weight by hand",
    public=True,
    hint="factor = gamma / sqrt(var + eps); weight * factor; beta + factor * (bias - mean).",
)
def test_fold_batchnorm_one_weight(judge: Judge) -> None:
    # factor = 3 / sqrt(3 + 1) = 1.5, so the weight 2 becomes 3 and the bias 0.5 + 1.5 * (1 - 2) = -1
    conv = {"weight": torch.tensor([[[[2.0]]]]), "bias": torch.tensor([1.0])}
    bn = {"weight": torch.tensor([3.0]), "bias": torch.tensor([0.5]), "running_mean": torch.tensor([2.0])}
    bn |= {"running_var": torch.tensor([3.0]), "num_batches_tracked": torch.tensor(1)}
    settings = {"in_channels": 1, "out_channels": 1, "kernel_size": 1}
    assert_folds(judge, settings, conv, bn, torch.tensor([[[[1.0, 0.0, -4.0]]]]), eps=1.0)


def convolution(judge: Judge, settings: dict[str, Any]) -> dict[str, Tensor]:
    size = settings["kernel_size"]
    size = size if isinstance(size, tuple | list) else (size, size)
    groups = settings.get("groups", 1)
    state = {"weight": randn(judge, settings["out_channels"], settings["in_channels"] // groups, *size)}
    return state | ({"bias": randn(judge, settings["out_channels"])} if settings.get("bias", True) else {})


@check(
    "fold_batchnorm",
    "with and without bias, as many input as output channels, a large eps",
    hint="conv.bias may be None: then it counts as 0. The factor runs along the first dimension of "
    "the weight.",
)
def test_fold_batchnorm_bias(judge: Judge) -> None:
    for inputs, outputs, bias, eps in (
        (3, 5, True, 1e-5),
        (3, 5, False, 1e-5),
        (4, 4, False, 0.3),
        (4, 4, True, 0.3),
    ):
        settings = {"in_channels": inputs, "out_channels": outputs, "kernel_size": 3, "bias": bias}
        bn = batchnorm_state(judge.generator, outputs)
        x = randn(judge, 2, inputs, 6, 5)
        assert_folds(judge, settings, convolution(judge, settings), bn, x, eps=eps)


@check(
    "fold_batchnorm",
    "groups, depthwise, stride, padding, dilation, kernels that are no square",
    hint="copy.deepcopy(conv) keeps every setting; a new nn.Conv2d needs all of them as arguments.",
)
def test_fold_batchnorm_settings(judge: Judge) -> None:
    cases: list[dict[str, Any]] = [
        {"in_channels": 4, "out_channels": 6, "kernel_size": 3, "groups": 2, "bias": False},
        {"in_channels": 4, "out_channels": 4, "kernel_size": 3, "groups": 4, "padding": 1},
        {"in_channels": 4, "out_channels": 8, "kernel_size": 3, "groups": 4, "stride": 2},
        {"in_channels": 3, "out_channels": 5, "kernel_size": 3, "stride": 2, "padding": 1, "bias": False},
        {"in_channels": 2, "out_channels": 3, "kernel_size": 3, "dilation": 2, "padding": 2},
        {"in_channels": 2, "out_channels": 3, "kernel_size": (1, 3), "padding": (0, 1)},
        {"in_channels": 1, "out_channels": 1, "kernel_size": 1, "bias": False},
    ]
    for settings in cases:
        bn = batchnorm_state(judge.generator, settings["out_channels"])
        x = randn(judge, 2, settings["in_channels"], 7, 8)
        assert_folds(judge, settings, convolution(judge, settings), bn, x)


@check(
    "fold_batchnorm",
    "modules in training mode, dead channels, tiny variances; both left as they were",
    hint="Use bn.running_mean and bn.running_var, never the batch; write into a copy, not into conv.weight.",
)
def test_fold_batchnorm_edges(judge: Judge) -> None:
    settings = {"in_channels": 2, "out_channels": 4, "kernel_size": 3}
    bn = batchnorm_state(judge.generator, 4)
    x = randn(judge, 3, 2, 5, 5) + 1
    assert_folds(judge, settings, convolution(judge, settings), bn, x, training=True)
    conv = convolution(judge, settings)
    conv["weight"][1] = 0
    bn["weight"][2] = 0
    bn["running_var"][3] = 1e-6
    assert_folds(judge, settings, conv, bn, x)


# ---- fixed_point -------------------------------------------------------------------------------------------
# Wrong: a mantissa of 2^31 just below a power of two, or below 2^30; too few digits; shift with the other
# sign, or counted from the fraction in [0.5, 1); only below 1, or only one halving; float for int; zero and
# negative numbers accepted.
# Not judged: infinite multipliers, and those beyond 1e-30 .. 1e30.


@scenario
def call_fixed_point(work, multiplier):
    return work.fixed_point(multiplier)


def assert_fixed_point(judge: Judge, multiplier: float) -> tuple[int, int]:
    parts = sequence(judge.run(call_fixed_point, multiplier=multiplier), what="fixed_point", length=2)
    mantissa, shift = integer(parts[0], what="mantissa"), integer(parts[1], what="shift")
    case = f"fixed_point({multiplier!r})"
    assert 2**30 <= mantissa < 2**31, f"{case}: mantissa {mantissa} lies outside [2^30, 2^31)"
    assert abs(shift) < 1000, f"{case}: shift {shift}"
    value, exact = Fraction(mantissa) / Fraction(2) ** shift, Fraction(multiplier)
    off = abs(value / exact - 1)
    turned = Fraction(mantissa) * Fraction(2) ** shift == exact
    said = "; shift counts to the right: a positive one makes the number smaller" if turned else ""
    assert off <= Fraction(1, 2**30), (
        f"{case}: {mantissa} * 2^({-shift}) = {float(value):.12g}, a relative error of {float(off):.3g}; "
        f"allowed is 2^-30{said}"
    )
    return mantissa, shift


@check(
    "fixed_point",
    "0.75, 0.5 and 1 by hand",
    public=True,
    hint="math.frexp gives a fraction in [0.5, 1): times 2^31 it is the mantissa, and shift = 31 - exponent.",
)
def test_fixed_point_by_hand(judge: Judge) -> None:
    for multiplier, want in (
        (0.75, (3 * 2**29, 31)),
        (0.5, (2**30, 31)),
        (1.0, (2**30, 30)),
        (0.1875, (3 * 2**29, 33)),
    ):
        got = assert_fixed_point(judge, multiplier)
        assert got == want, f"fixed_point({multiplier}): expected {want}, got {got}"


@check(
    "fixed_point",
    "any size from 1e-30 to 1e30, to one part in 2^30",
    hint="Numbers above 1 need a smaller shift, very small ones a larger one; 31 bits are kept in each case.",
)
def test_fixed_point_sizes(judge: Judge) -> None:
    exponents = torch.rand(30, generator=judge.generator).double() * 12 - 9
    for multiplier in (10**exponents).tolist():
        assert_fixed_point(judge, multiplier)
    for multiplier in (1e-30, 3e-12, 1.0000001, 1.5, 7.0, 300.3, 1e6, 3e9, 1e30, 0.0078125, 2.0**20):
        assert_fixed_point(judge, multiplier)


@check(
    "fixed_point",
    "just below a power of two",
    hint="round(fraction * 2**31) can be 2**31 itself: then it is 2**30, and the shift one less.",
)
def test_fixed_point_carry(judge: Judge) -> None:
    for power in (0.0, -3.0, -12.0, 4.0):
        for less in (1e-16, 1e-12, 1e-10, 4e-10, 1e-9):
            assert_fixed_point(judge, 2.0**power * (1 - max(less, 2**-53)))


@check(
    "fixed_point",
    "refuses zero and negative multipliers",
    points=0.5,
    hint="raise ValueError(f'multiplier ...')",
)
def test_fixed_point_range(judge: Judge) -> None:
    judge.run(call_fixed_point, multiplier=0.3)  # who refuses everything refuses too much
    for multiplier in (0.0, -0.5):
        judge.raises(call_fixed_point, ValueError, naming="multiplier", multiplier=multiplier)


# ---- requantize --------------------------------------------------------------------------------------------
# Wrong: halves to even (torch.round), up, towards zero; cut off; a product in 32 bits; float32 or float64,
# also where it happens to be right; two roundings one after the other; zero point before the rounding,
# forgotten or taken off; clamped before the zero point is added; bounds fixed at 0 .. 255; a fixed shift;
# int64 back.
# Not judged: shifts below 1 or above 62, an accumulator without dimensions.

INT32 = {"low": -(2**31), "high": 2**31 - 1}


@scenario
def call_requantize(work, accumulator, mantissa, shift, zero_point, low, high):
    return work.requantize(accumulator, mantissa, shift, zero_point, low=low, high=high), accumulator


@scenario
def call_traced(work, function, arguments, low, high):
    from torch.utils._python_dispatch import TorchDispatchMode

    floats = []

    def look(value, name):
        if isinstance(value, (list, tuple)):
            for one in value:
                look(one, name)
        elif isinstance(value, torch.Tensor) and (value.is_floating_point() or value.is_complex()):
            floats.append(f"{name} with {value.dtype}")

    class Trace(TorchDispatchMode):
        def __torch_dispatch__(self, operation, types, args=(), kwargs=None):
            result = operation(*args, **(kwargs or {}))
            look(list(args) + list((kwargs or {}).values()) + [result], str(operation))
            return result

    class Array(np.ndarray):
        def __array_finalize__(self, parent):
            if self.dtype.kind in "fc":
                floats.append(f"a numpy array of {self.dtype}")

    plain = torch.Tensor.numpy

    def traced(self, *args, **kwargs):
        return plain(self, *args, **kwargs).view(Array)

    torch.Tensor.numpy = traced
    try:
        with Trace():
            result = getattr(work, function)(*arguments, low=low, high=high)
    finally:
        torch.Tensor.numpy = plain
    return result, floats[:3]


def assert_no_floats(judge: Judge, function: str, arguments: list[Any], low: int, high: int) -> None:
    inputs: dict[str, Any] = {"function": function, "arguments": arguments, "low": low, "high": high}
    _, floats = ask(judge, call_traced, **inputs)
    floats = [str(one)[:80] for one in sequence(floats, what="the trace")]
    assert not floats, f"{function}: a floating-point operation, {floats[0]}; integers alone are allowed"


def rescaled(sums: Tensor, mantissa: int, shift: int, zero_point: int, low: int, high: int) -> Tensor:
    """What requantize should give, in Python's integers."""
    out = []
    for value in sums.flatten().tolist():
        rounded = (2 * abs(value) * mantissa + 2**shift) // 2 ** (shift + 1)
        out.append(min(max((rounded if value >= 0 else -rounded) + zero_point, low), high))
    return torch.tensor(out, dtype=torch.int64).view(sums.shape).to(torch.int32)


def assert_requantizes(
    judge: Judge, accumulator: Tensor, mantissa: int, shift: int, zero_point: int, low: int, high: int
) -> None:
    inputs = {"mantissa": mantissa, "shift": shift, "zero_point": zero_point, "low": low, "high": high}
    got, after = ask(judge, call_requantize, accumulator=accumulator, **inputs)
    got = tensor(got, what="requantize", dtype=torch.int32, shape=accumulator.shape)
    want = rescaled(accumulator, mantissa, shift, zero_point, low, high)
    wrong = (got != want).flatten().nonzero()
    if len(wrong):
        at = int(wrong[0])
        value, expected, came = (int(each.flatten()[at]) for each in (accumulator, want, got))
        exact = Fraction(value * mantissa, 2**shift)
        raw = int(rescaled(torch.tensor(value), mantissa, shift, 0, -(2**31), 2**31 - 1))
        half = abs(exact) % 1 == Fraction(1, 2)

        def between(number: int, ends: tuple[int, int] = (low, high)) -> int:
            return min(max(number, ends[0]), ends[1])

        known = {
            "low and high are not those given": came == between(raw + zero_point, (0, 255)),
            "it is not clamped": came == raw + zero_point,
            "clamp comes last, behind the zero point": came == between(raw) + zero_point,
            "the zero point is missing": came == between(raw),
            "halves are rounded away from zero": half and abs(came - expected) == 1,
            "it is cut off instead of rounded": came == between(int(exact) + zero_point),
            "one step off: integers of 64 bits, no floating-point numbers, and one rounding": abs(
                came - expected
            )
            == 1,
        }
        raise AssertionError(
            f"requantize of {value} with mantissa {mantissa}, shift {shift}, zero_point "
            f"{zero_point}, {low} to {high}: "
            f"{value} * mantissa / 2^shift = {float(exact):.10g}, expected {expected}, got "
            f"{came}{told(known)}"
        )
    assert_unchanged(after, accumulator, what="accumulator")


@check(
    "requantize",
    "halves by hand",
    public=True,
    hint="5 / 2 is 3, -5 / 2 is -3. A shift to the right rounds down: shift the magnitude, then put "
    "the sign back.",
)
def test_requantize_halves(judge: Judge) -> None:
    accumulator = torch.tensor([5, 3, 1, 0, -1, -3, -5, 4, -4, 7, -7], dtype=torch.int32)
    assert_requantizes(
        judge, accumulator, 2**30, 31, 0, -128, 127
    )  # times a half: 3, 2, 1, 0, -1, -2, -3, 2, -2 ...
    assert_requantizes(judge, accumulator, 2**30, 31, 10, 0, 255)
    assert_requantizes(judge, accumulator, 3 * 2**29, 32, 3, -128, 127)  # times 0.375


@check(
    "requantize",
    "zero point, then clamp, to any bounds",
    hint="Add the zero point to the rounded number, then clamp to [low, high] as given.",
)
def test_requantize_bounds(judge: Judge) -> None:
    accumulator = torch.randint(-3000, 3000, (4, 25), generator=judge.generator, dtype=torch.int32)
    for zero_point, low, high in (
        (0, 0, 255),
        (128, 0, 255),
        (-7, -128, 127),
        (3, 0, 15),
        (250, 0, 255),
        (0, -7, 7),
    ):
        assert_requantizes(judge, accumulator, 1717986918, 35, zero_point, low, high)


@check(
    "requantize",
    "exact in 64 bits, where 32 bits overflow and floating-point numbers round",
    hint="accumulator.long() * mantissa stays below 2^62: add half of 2^shift, shift, and nothing is lost.",
)
def test_requantize_exact(judge: Judge) -> None:
    draw = torch.randint(-(2**31), 2**31, (200,), generator=judge.generator, dtype=torch.int64).to(
        torch.int32
    )
    for _ in range(4):
        mantissa = 2**30 + int(torch.randint(0, 2**29, (), generator=judge.generator)) * 2 + 1  # odd
        # Sums whose product ends just below, on and just above a half: a float64 has 53 bits, these need 62.
        near = [(2**30 + less) * pow(mantissa, -1, 2**31) % 2**31 for less in (-1, 1, -2, 2, -3, 3)]
        sums = torch.tensor([sign * value for value in near for sign in (1, -1)], dtype=torch.int32)
        for shift in (31, 33, 40):
            assert_requantizes(judge, torch.cat([sums, draw]), mantissa, shift, 5, **INT32)
    ends = torch.tensor([2**31 - 1, -(2**31), -(2**31) + 1, 1, -1, 0], dtype=torch.int32)
    for shift in (1, 2, 11, 24, 30, 31, 45, 60, 62):
        assert_requantizes(judge, ends, 2**31 - 1, shift, 0, **INT32)
        assert_requantizes(judge, ends, 2**30, shift, 100, 0, 255)


@check(
    "requantize",
    "small and large multipliers, one to four dimensions, no number, the accumulator left as it is",
    hint="shift comes with each multiplier; the result has the accumulator's shape and is int32.",
)
def test_requantize_shapes(judge: Judge) -> None:
    for shape, multiplier in (
        ((7,), 0.9),
        ((3, 5), 1e-3),
        ((2, 3, 4), 3.7),
        ((2, 2, 3, 3), 2.2e-5),
        ((0, 4), 0.5),
        ((1,), 0.1),
    ):
        accumulator = torch.randint(-100000, 100000, shape, generator=judge.generator, dtype=torch.int32)
        fraction, exponent = math.frexp(multiplier)
        assert_requantizes(judge, accumulator, round(fraction * 2**31), 31 - exponent, 7, -128, 127)


@check(
    "requantize",
    "no floating-point operation",
    hint="No / and no torch.round: //, >> and integer multiplication do; mantissa and shift are ints.",
)
def test_requantize_no_floats(judge: Judge) -> None:
    accumulator = torch.randint(-3000, 3000, (20,), generator=judge.generator, dtype=torch.int32)
    assert_requantizes(judge, accumulator, 2**30 + 12345, 36, 4, 0, 255)
    assert_no_floats(judge, "requantize", [accumulator, 2**30 + 12345, 36, 4], 0, 255)


# ---- integer_linear ----------------------------------------------------------------------------------------
# Wrong: x_zero forgotten or added; the weight not transposed; products in 8 bits; a float matrix product; the
# bias forgotten, or added behind the rescaling; out_zero forgotten or taken off; low and high ignored, or
# without their defaults 0 and 255; halves to even; ReLU added; the output int64; arguments changed.
# Not judged: sums that need more than 32 bits, shifts below 1 or above 62.


@scenario
def call_integer_linear(work, x, x_zero, weight, bias, mantissa, shift, out_zero, bounds, transposed=False):
    if transposed:  # the same numbers, not contiguous
        x, weight = x.t().contiguous().t(), weight.t().contiguous().t()
    result = work.integer_linear(x, x_zero, weight, bias, mantissa, shift, out_zero, **bounds)
    return result, x, weight, bias


def assert_integer_linear(
    judge: Judge,
    x: Tensor,
    x_zero: int,
    weight: Tensor,
    bias: Tensor,
    mantissa: int,
    shift: int,
    out_zero: int,
    transposed: int = False,
    **bounds: int,
) -> None:
    inputs: dict[str, Any] = {"x": x, "weight": weight, "bias": bias}
    numbers = {"x_zero": x_zero, "mantissa": mantissa, "shift": shift, "out_zero": out_zero}
    got, *after = ask(
        judge, call_integer_linear, 4, **inputs, **numbers, bounds=bounds, transposed=transposed
    )
    case = f"integer_linear of x {tuple(x.shape)} and weight {tuple(weight.shape)}"
    got = tensor(got, what=case, dtype=torch.int32, shape=(len(x), len(weight)))
    low, high = bounds.get("low", 0), bounds.get("high", 255)
    product, offset = (x.long() - x_zero) @ weight.long().t(), bias.long()

    def outcome(sums: Tensor, zero: int = out_zero, ends: tuple[int, int] = (low, high)) -> Tensor:
        return rescaled(sums, mantissa, shift, zero, *ends)

    want = outcome(product + offset)
    if not torch.equal(got, want):
        known = {
            "the zero point of x is not taken off": outcome(x.long() @ weight.long().t() + offset),
            "the bias is missing": outcome(product),
            "out_zero is missing": outcome(product + offset, 0),
            "out_zero is to be added": outcome(product + offset, -out_zero),
            "low and high are not those given": outcome(product + offset, out_zero, (0, 255)),
            "the result is not clamped": outcome(product + offset, out_zero, (-(2**31), 2**31 - 1)),
        }
        at = tuple((got != want).nonzero()[0].tolist())
        said = told({name: torch.equal(got, wrong) for name, wrong in known.items()})
        if not said and bool(((got - want).abs() <= 1).all()):
            said = " (one step off: round halves away from zero, with integers)"
        raise AssertionError(
            f"{case}, x_zero {x_zero}, mantissa {mantissa}, shift {shift}, out_zero {out_zero}: at "
            f"{list(at)} the sum "
            f"is {int((product + offset)[at])}, expected {int(want[at])}, got {int(got[at])}{said}"
        )
    for name, value, before in zip(("x", "weight", "bias"), after, (x, weight, bias), strict=True):
        assert_unchanged(value, before, what=name)


def whole(judge: Judge, low: int, high: int, *shape: int, dtype: torch.dtype = torch.int32) -> Tensor:
    return torch.randint(low, high + 1, shape, generator=judge.generator).to(dtype)


@check(
    "integer_linear",
    "two inputs, three outputs by hand",
    public=True,
    hint="(x - x_zero) @ weight.T + bias, all int32, then requantize with out_zero.",
)
def test_integer_linear_by_hand(judge: Judge) -> None:
    # (10 - 10, 12 - 10) = (0, 2): sums -2 + 7 = 5, 0 + 40, -6 + 1 = -5; halved 3, 20, -3; plus 5
    x, weight = (
        torch.tensor([[10, 12]], dtype=torch.int32),
        torch.tensor([[3, -1], [100, 0], [0, -3]]).to(torch.int8),
    )
    bias = torch.tensor([7, 40, 1], dtype=torch.int32)
    assert_integer_linear(judge, x, 10, weight, bias, 2**30, 31, 5)


@check(
    "integer_linear",
    "bit-exact on layers of many sizes and memory layouts, the arguments left as they are",
    hint="100 * 100 is no int8: convert to int32 before you multiply. Sums are exact, and so is the "
    "rounding.",
)
def test_integer_linear_sizes(judge: Judge) -> None:
    for rows, inputs, outputs, scale in (
        (1, 1, 1, 0.01),
        (5, 5, 5, 3e-3),
        (3, 30, 7, 1.3e-3),
        (16, 200, 10, 4e-4),
        (0, 4, 3, 0.1),
    ):
        x, weight = (
            whole(judge, 0, 255, rows, inputs),
            whole(judge, -127, 127, outputs, inputs, dtype=torch.int8),
        )
        bias = whole(judge, -20000, 20000, outputs)
        fraction, exponent = math.frexp(scale)
        for x_zero, out_zero, transposed in ((0, 0, False), (131, 60, True), (255, 128, False)):
            numbers = (round(fraction * 2**31), 31 - exponent, out_zero)
            assert_integer_linear(judge, x, x_zero, weight, bias, *numbers, transposed)


@check(
    "integer_linear",
    "low and high as given, 0 and 255 by default",
    points=0.5,
    hint="Signed codes have low=-128, high=127; a ReLU is nothing but low = out_zero.",
)
def test_integer_linear_bounds(judge: Judge) -> None:
    x, weight = whole(judge, -128, 127, 6, 20), whole(judge, -127, 127, 8, 20, dtype=torch.int8)
    bias = whole(judge, -3000, 3000, 8)
    bounds: dict[str, int]
    for out_zero, bounds in (
        (-5, {"low": -128, "high": 127}),
        (3, {"low": 3, "high": 15}),
        (120, {}),
        (0, INT32),
    ):
        assert_integer_linear(judge, x, -11, weight, bias, 1288490189, 39, out_zero, **bounds)


@check(
    "integer_linear",
    "halves and large sums, where floating-point numbers round otherwise",
    hint="A float32 holds 24 bits: sums beyond 16,777,216 lose their last digits. int32 does not.",
)
def test_integer_linear_exact(judge: Judge) -> None:
    count = 1500  # 1500 * 255 * 127 = 48.6 million: more than 2^24, less than 2^31
    x, weight = 255 - whole(judge, 0, 3, 4, count), 127 - whole(judge, 0, 3, 6, count, dtype=torch.int8)
    bias = whole(judge, -100, 100, 6)
    assert_integer_linear(judge, x, 0, weight, bias, 2**31 - 1, 31, 0, **INT32)
    assert_integer_linear(judge, x, 0, weight, bias, 2**30, 31, 0, **INT32)  # halves
    small = whole(judge, 0, 9, 10, 6)
    weight = whole(judge, -5, 5, 7, 6, dtype=torch.int8)
    assert_integer_linear(
        judge, small, 4, weight, whole(judge, -9, 9, 7), 2**30, 32, 20
    )  # quarters and halves


@check(
    "integer_linear",
    "no floating-point operation",
    points=2,
    hint="x.float() @ weight.float().T is one; so are / and torch.round. int32 tensors can be "
    "multiplied with @.",
)
def test_integer_linear_no_floats(judge: Judge) -> None:
    x, weight = whole(judge, 0, 255, 5, 12), whole(judge, -127, 127, 4, 12, dtype=torch.int8)
    bias = whole(judge, -3000, 3000, 4)
    numbers = (1288490189, 39, 100)
    assert_integer_linear(judge, x, 120, weight, bias, *numbers)
    assert_no_floats(judge, "integer_linear", [x, 120, weight, bias, *numbers], 0, 255)


# ---- quantize_network --------------------------------------------------------------------------------------
# Wrong: float weights kept (rounded to the grid, but floats); integers computed and not used; integers in the
# place of the weights without their scale (F15); one scale a tensor; batch norm dropped, or left in;
# activations left float, or their range taken from each new input, from the first or the last batch alone;
# the zero point of the padding; `bits` ignored; the model given quantized in place, or its running statistics
# moved by calibration, or its mode changed; batch norm folded through a max pooling though its gamma is
# negative: the least pixel is not the largest.
# Not judged: which int dtype holds the weights, biases, where the ranges end, whether a batch norm behind a
# pooling is folded or stays, what a net given in train mode makes of its inputs.

CONV_NETS = ("lenet_5", "resnet_8")
MOST_LOST, ALL_LOST = 0.005, 0.10  # of the accuracy: full points up to the first, none from the second on


@scenario
def trained_net(work, name, count, calibration):
    from shrink.data import cifar10, mnist, to_float
    from shrink.nets import resnet_20
    from shrink.training import load_checkpoint

    load, dataset = (mnist, "mnist") if name == "lenet_5" else (cifar10, "cifar10")
    test, train = load("test").take(slice(0, count)), load("train").take(slice(0, calibration))
    images = to_float(test.images, dataset)
    if name == "resnet_20":  # untrained: a check of its structure needs no checkpoint
        torch.manual_seed(0)
        model = resnet_20().eval()
        for module in model.modules():
            if isinstance(module, nn.BatchNorm2d):
                for value in (module.weight.data, module.bias.data, module.running_mean, module.running_var):
                    value.copy_(torch.rand(value.shape) + 0.5)
    else:
        model = load_checkpoint(name)
    with torch.no_grad():
        logits = torch.cat([model(part) for part in images.split(250)])
    return dict(model.state_dict()), images, logits, to_float(train.images, dataset)


@scenario
def net_with_negative_gammas(work, count, calibration):
    """The student net, untrained, with statistics of real images and every second gamma negative."""
    from shrink.data import cifar10, to_float
    from shrink.nets import student

    train = to_float(cifar10("train").take(slice(0, calibration)).images, "cifar10")
    images = to_float(cifar10("test").take(slice(0, count)).images, "cifar10")
    torch.manual_seed(0)
    model = student()
    for module in model.modules():
        if isinstance(module, nn.BatchNorm2d):
            signs = 1.0 - 2.0 * (torch.arange(module.num_features) % 2)
            module.weight.data.copy_((torch.rand(module.num_features) + 0.5) * signs)
            module.bias.data.copy_(torch.rand(module.num_features) - 0.5)
            module.momentum = 1.0
    with torch.no_grad():
        model.train()(train)
        logits = model.eval()(images)
    return dict(model.state_dict()), images, logits, train


@scenario
def labels_of_tests(work, name, count):
    from shrink.data import cifar10, mnist

    return (mnist if name == "lenet_5" else cifar10)("test").labels[:count]


@scenario
def call_quantize_network(work, name, state, batches, images, bits):
    from shrink.nets import NETS

    model = NETS[name]().eval()
    model.load_state_dict(state)
    knobs = {} if bits is None else {"bits": bits}
    quantized = work.quantize_network(model, list(batches), **knobs)
    if not isinstance(quantized, nn.Module):
        return type(quantized).__name__, None, [], [], False, {}, []
    with torch.no_grad():
        logits = torch.cat([quantized(part) for part in images.split(250)]).detach()
    held = [*quantized.named_parameters(), *quantized.named_buffers()]
    floats = [(key, value.numel()) for key, value in held if value.is_floating_point()]
    whole = [
        (key, value.numel(), int(value.max()) - int(value.min()))
        for key, value in held
        if not value.is_floating_point() and value.dtype != torch.bool and value.numel()
    ]
    norms = any(isinstance(module, nn.BatchNorm2d) for module in quantized.modules())
    sizes = {value.numel() for value in state.values() if value.dim() >= 2}
    with torch.no_grad():  # whoever computes with the codes says something else when they are all 0
        for _, value in held:
            if not value.is_floating_point() and value.numel() in sizes:
                value.zero_()
        blank = torch.cat([quantized(part) for part in images[:20].split(10)]).detach()
    after = {key: value.detach() for key, value in model.state_dict().items()}
    modes = [module.training for module in model.modules()]
    return "", logits, floats, whole, norms, after, [blank, any(modes)]


@scenario
def call_quantize_in_train_mode(work, name, state, batches):
    from shrink.nets import NETS

    model = NETS[name]().train()
    model.load_state_dict(state)
    work.quantize_network(model, list(batches))
    return [module.training for module in model.modules()], {
        k: v.detach() for k, v in model.state_dict().items()
    }


def network_answer(
    judge: Judge, name: str, state: dict[str, Tensor], images: Tensor, **inputs: Any
) -> list[Any]:
    """What the quantized network says of the images, and the parts that a verdict looks at."""
    kind, logits, *rest = ask(
        judge, call_quantize_network, 7, cpu_seconds=60.0, name=name, state=state, images=images, **inputs
    )
    assert not kind, f"quantize_network: expected an nn.Module, got a {kind!s:.60}"
    what = f"the logits of the quantized {name}"
    return [tensor(logits, what=what, dtype=torch.float32, shape=(len(images), 10), finite=True), *rest]


def off_by(got: Tensor, want: Tensor) -> float:
    """Root mean square of the difference, in standard deviations of what is expected."""
    return float((got - want).square().mean().sqrt() / want.std())


def pairs(value: object, *, what: str) -> list[tuple[str, int, int]]:
    """(name, count, spread) of each tensor that a network holds."""
    out = []
    for one in sequence(value, what=what):
        parts = sequence(one, what=what)
        numbers = [integer(number, what=what) for number in parts[1:]]
        out.append((str(parts[0])[:60], numbers[0], numbers[1] if len(numbers) > 1 else 0))
    return out


@check(
    "quantize_network",
    "integer weights in buffers, used by forward; batch norm folded; the model left as it is",
    public=True,
    points=2,
    hint="register_buffer('codes', codes) in a module of your own, whose forward computes with codes "
    "and scales.",
)
def test_quantize_network_form(judge: Judge) -> None:
    for name in CONV_NETS:
        state, images, logits, train = judge.trusted(trained_net, name=name, count=20, calibration=40)
        got, floats, whole, norms, after, rest = network_answer(
            judge, name, state, images, batches=[train[:20], train[20:]], bits=None
        )
        weights = {key: value.numel() for key, value in state.items() if value.dim() >= 2}
        held = [count for _, count, _ in pairs(whole, what="the integer tensors")]
        for key, count in weights.items():
            assert count in held, f"{name}: no integer buffer or parameter holds the {count} codes of {key}"
            held.remove(count)
        for key, count, _ in pairs(floats, what="the floating-point tensors"):
            assert count < min(weights.values()) or count <= 512, (
                f"{name}: {key} still holds {count} floating-point numbers; weights are integers, "
                "scales one a channel"
            )
        assert norms is False, f"{name}: a BatchNorm2d is left in the network; fold it into its convolution"
        blank, training = sequence(rest, what="what came back from the worker", length=2)
        blank = tensor(blank, what="the logits", dtype=torch.float32, shape=(20, 10))
        assert not bool(blank.isfinite().all()) or off_by(blank, got) > 0.3, (
            f"{name}: with all its codes set to 0 the network says what it said before: "
            "it computes with other weights"
        )
        after = mapping(after, what="the model given", keys=state)
        for key, value in state.items():
            assert_unchanged(after[key], value, what=f"model ({key})")
        assert training is False, "the model was left in training mode"
        assert off_by(got, logits) < 0.5, (
            f"{name}: logits are off by {100 * off_by(got, logits):.0f} % of their deviation; are "
            "the scales applied?"
        )


@check(
    "quantize_network",
    "LeNet-5 and ResNet-8 as accurate as before, to half a point",
    points=3,
    hint="Near 10 %? Integers were used without their scales. A few points lost? Look at ranges and "
    "zero points.",
)
def test_quantize_network_accuracy(judge: Judge) -> float:
    worst, said = 1.0, []
    for name, count in (("lenet_5", 1000), ("resnet_8", 2000)):
        state, images, logits, train = judge.trusted(trained_net, name=name, count=count, calibration=160)
        labels = judge.trusted(labels_of_tests, name=name, count=count)
        got, *_ = network_answer(judge, name, state, images, batches=list(train.split(40)), bits=8)
        before, after = (float((each.argmax(dim=1) == labels).float().mean()) for each in (logits, got))
        said.append(f"{name} {100 * before:.2f} % before and {100 * after:.2f} % after")
        worst = min(worst, float(np.clip((ALL_LOST - (before - after)) / (ALL_LOST - MOST_LOST), 0, 1)))
        judge.metrics["accuracy"] = round(after, 6)
    judge.remark = f"{'; '.join(said)}: expected at most 0.5 points less"
    assert worst > 0, judge.remark
    return worst


@check(
    "quantize_network",
    "the other nets of the course, and fewer bits",
    hint="A batch norm behind a pooling has to act too. bits counts for weights: 4 bits are 16 "
    "levels, 2 bits 4.",
)
def test_quantize_network_others(judge: Judge) -> None:
    for name, bits, most in (
        ("student", 8, 0.25),
        ("resnet_20", 8, 0.25),
        ("lenet_5", 6, 0.35),
        ("lenet_5", 3, 9.0),
    ):
        state, images, logits, train = judge.trusted(trained_net, name=name, count=40, calibration=40)
        got, _, whole, *_ = network_answer(
            judge, name, state, images, batches=list(train.split(20)), bits=bits
        )
        off = off_by(got, logits)
        assert off < most, f"{name} at {bits} bits: logits are off by {100 * off:.0f} % of their deviation"
        sizes = [value.numel() for value in state.values() if value.dim() >= 2]
        for key, count, spread in pairs(whole, what="the integer tensors"):
            assert count not in sizes or count < 600 or spread < 2**bits, (
                f"{name} at {bits} bits: {key} has codes {spread} apart, {bits} bits have {2**bits} levels"
            )


@check(
    "quantize_network",
    "weights per channel",
    hint="One large channel must not coarsen the others: each output channel has a scale of its own.",
)
def test_quantize_network_per_channel(judge: Judge) -> None:
    state, images, logits, train = judge.trusted(trained_net, name="lenet_5", count=40, calibration=40)
    large = {key: value.clone() for key, value in state.items()}
    last = [key for key, value in state.items() if value.shape[0] == 10]
    for key in last:
        large[key][3] *= 300
    got, *_ = network_answer(judge, "lenet_5", large, images, batches=[train], bits=8)
    others = [at for at in range(10) if at != 3]
    off = off_by(got[:, others], logits[:, others])
    assert off < 0.2, (
        f"with one output's weights 300 times as large the other logits are off by {100 * off:.0f} % "
        "of their deviation: "
        "give each output channel a scale of its own"
    )


@check(
    "quantize_network",
    "activations calibrated on the batches, on all of them",
    hint="Collect the range of each layer's input over all batches, then freeze it: new images do "
    "not move it.",
)
def test_quantize_network_calibration(judge: Judge) -> None:
    state, images, logits, train = judge.trusted(trained_net, name="lenet_5", count=40, calibration=80)
    parts = list(train.split(10))
    dim = [part * 0.02 for part in parts]
    cases = {"a dim batch first": [dim[0], *parts[1:]], "a dim batch last": [*parts[:-1], dim[-1]]}
    for case, batches in cases.items():
        got, *_ = network_answer(judge, "lenet_5", state, images, batches=batches, bits=8)
        off = off_by(got, logits)
        assert off < 0.35, (
            f"with {case} of eight the logits are off by {100 * off:.0f} % of their deviation: all "
            "batches count"
        )
    got, *_ = network_answer(judge, "lenet_5", state, images, batches=dim, bits=8)
    off = off_by(got, logits)
    assert off > 0.3, (
        "calibrated on images of a fiftieth of the brightness, the network computes as if nothing "
        "were clipped: "
        "are activations quantized, with ranges measured on the batches?"
    )
    # Codes of 4 bits swallow a change of 2e-5 in the images; whoever computes with floats passes it on.
    moved = images + 2e-5 * torch.randn(images.shape, generator=judge.generator)
    both, *_ = network_answer(judge, "lenet_5", state, torch.cat([images, moved]), batches=parts, bits=4)
    difference = (both[:40] - both[40:]).abs().amax(dim=1) / logits.std()
    assert (difference < 2e-6).float().mean() > 0.3, (
        "at 4 bits a change of the images by 0.00002 reaches the logits: are activations rounded to codes of "
        "`bits` bits?"
    )


@check(
    "quantize_network",
    "negative gammas behind a max pooling",
    points=0.5,
    hint="A negative factor turns the order of the pixels round: max(-2 a, -2 b) is not -2 max(a, b).",
)
def test_quantize_network_negative_gammas(judge: Judge) -> None:
    state, images, logits, train = judge.trusted(net_with_negative_gammas, count=40, calibration=40)
    got, *_ = network_answer(judge, "student", state, images, batches=list(train.split(20)), bits=8)
    off = off_by(got, logits)
    assert off < 0.4, (
        f"with negative gammas behind max poolings the logits are off by {100 * off:.0f} % of their "
        "deviation: such a batch norm cannot be folded through the pooling"
    )


@check(
    "quantize_network",
    "a model given in train mode stays in it, with its statistics",
    points=0.5,
    hint="copy.deepcopy(model).eval() leaves the model itself alone; model.eval() does not.",
)
def test_quantize_network_mode(judge: Judge) -> None:
    state, _, _, train = judge.trusted(trained_net, name="resnet_8", count=20, calibration=40)
    modes, after = ask(
        judge,
        call_quantize_in_train_mode,
        cpu_seconds=60.0,
        name="resnet_8",
        state=state,
        batches=[train[:20]],
    )
    modes = [mode is True for mode in sequence(modes, what="the modes of the model's modules")]
    assert all(modes), (
        f"a model in train mode was given, and {modes.count(False)} of its {len(modes)} modules are in eval "
        "mode afterwards; work on a copy"
    )
    after = mapping(after, what="the model given", keys=state)
    for key, value in state.items():
        assert_unchanged(after[key], value, what=f"model ({key})")


# ---- quantize_in_budget: the graded experiment -------------------------------------------------------------
# Wrong: float weights; codes without scales; more bytes than allowed, or bytes counted without the scales or
# by the dtype's 8 bits; a weight left out, or biases put in; the model changed; 4 bits for everything rounded
# to the nearest (about half of the points); codes that use one level more than the width has.
# Bytes: ceil(n * b / 8) for n codes, b bits telling apart all integers from their smallest to their largest,
# and 4 for each scale.

BUDGETS = {"four": (40_100, 0.865, 0.75), "three": (30_400, 0.85, 0.60)}  # bytes, accuracy: full marks, none
# Where they come from, on the 2,000 test images, float 88.35 %: rounding to the nearest, symmetric scales
# 80.9 and 36.6 %; scales of least error 82.9 %; more bits for sensitive tensors too 86.9 and 81.3 %; the
# reference, with rounding that feeds its error forward as well, 87.4 and 86.4 %.


@scenario
def folded_resnet_8(work):
    """The checkpoint without batch norm, as the nets' state dict has it, and calibration images."""
    from shrink.data import cifar10, to_float
    from shrink.training import load_checkpoint

    model = load_checkpoint("resnet_8")
    layers = [(model, "", "")]
    layers += [(stage[0], str(at), "12") for at, stage in enumerate(model.stages)]
    for block, _, numbers in layers:
        for number in numbers or [""]:
            folded = work.fold_batchnorm(getattr(block, f"conv{number}"), getattr(block, f"bn{number}"))
            setattr(block, f"conv{number}", folded)
            setattr(block, f"bn{number}", nn.Identity())
    images = to_float(cifar10("train").images[:256], "cifar10")
    return {key: value.detach() for key, value in model.state_dict().items()}, images


@scenario
def untrained_resnet_8(work):
    """The same state dict with random weights: enough to look at the form of an answer."""
    from shrink.nets import resnet_8

    torch.manual_seed(0)
    state = resnet_8().state_dict()
    return {key: value for key, value in state.items() if not key.split(".")[-2].startswith("bn")}


@scenario
def cifar_test(work):
    from shrink.data import cifar10, to_float

    split = cifar10("test").take(slice(0, 2000))
    return to_float(split.images, "cifar10"), split.labels


@scenario
def call_quantize_in_budget(work, state, images, max_bytes):
    from shrink.nets import resnet_8

    model = resnet_8()
    for block in (model, *(stage[0] for stage in model.stages)):
        for name in ("bn", "bn1", "bn2"):
            if hasattr(block, name):
                setattr(block, name, nn.Identity())
    model.load_state_dict(state)
    result = work.quantize_in_budget(model.eval(), images, max_bytes=max_bytes)
    return result, {key: value.detach() for key, value in model.state_dict().items()}


def resnet_logits(state: dict[str, Tensor], images: Tensor) -> Tensor:
    """ResNet-8 without batch norm, computed here: nothing of the learner's runs."""
    conv, relu = torch.nn.functional.conv2d, torch.nn.functional.relu

    def layer(name: str, x: Tensor, stride: int = 1) -> Tensor:
        weight = state[f"{name}.weight"]
        return conv(x, weight, state[f"{name}.bias"], stride, weight.shape[2] // 2)

    x = relu(layer("conv", images))
    for at, stride in enumerate((1, 2, 2)):
        block = f"stages.{at}.0"
        out = layer(f"{block}.conv2", relu(layer(f"{block}.conv1", x, stride)))
        x = relu(out + (layer(f"{block}.shortcut", x, stride) if at else x))
    return torch.nn.functional.linear(x.mean(dim=(2, 3)), state["fc.weight"], state["fc.bias"])


def budget_answer(value: object, state: dict[str, Tensor], max_bytes: int) -> tuple[dict[str, Tensor], int]:
    """The state dict that codes and scales stand for, and the bytes they take, within the budget."""
    weights = {key: weight for key, weight in state.items() if weight.dim() >= 2}
    answer = mapping(value, what="quantize_in_budget", keys=weights)
    total, restored = 0, dict(state)
    for key, weight in weights.items():
        codes, scales = sequence(answer[key], what=f"quantize_in_budget[{key!r}]", length=2)
        codes = tensor(codes, what=f"the codes of {key}", dtype=torch.int8, shape=weight.shape)
        scales = tensor(
            scales, what=f"the scales of {key}", dtype=torch.float32, shape=(len(weight),), finite=True
        )
        width = (int(codes.max()) - int(codes.min())).bit_length()
        total += -(-codes.numel() * width // 8) + 4 * len(scales)
        restored[key] = codes.float() * scales.view(-1, *[1] * (codes.dim() - 1))
    assert total <= max_bytes, f"codes and scales take {total} bytes, max_bytes is {max_bytes}"
    return restored, total


@check(
    "quantize_in_budget",
    "int8 codes and a scale a channel for every weight, within the bytes; the model left as it is",
    public=True,
    hint="Names as in model.named_parameters(), dims >= 2. 16 levels are 4 bits, 17 are 5; a scale "
    "costs 4 bytes.",
)
def test_quantize_in_budget_form(judge: Judge) -> None:
    state = judge.trusted(untrained_resnet_8)
    images = torch.randn(16, 3, 32, 32, generator=torch.Generator().manual_seed(0))
    for max_bytes in (24_000, 60_000):
        got, after = ask(
            judge, call_quantize_in_budget, cpu_seconds=60.0, state=state, images=images, max_bytes=max_bytes
        )
        budget_answer(got, state, max_bytes)
        after = mapping(after, what="the model given", keys=state)
        for key, value in state.items():
            assert_unchanged(after[key], value, what=f"model ({key})")


def budget_points(judge: Judge, which: str) -> float:
    """The part of the points that the accuracy on hidden test images deserves."""
    max_bytes, full, least = BUDGETS[which]
    state, images = judge.trusted(folded_resnet_8)
    inputs = {"state": state, "images": images, "max_bytes": max_bytes}
    got, _ = ask(judge, call_quantize_in_budget, cpu_seconds=60.0, fresh=True, **inputs)
    restored, total = budget_answer(got, state, max_bytes)
    tests, labels = judge.trusted(cifar_test)
    logits = torch.cat([resnet_logits(restored, part) for part in tests.split(250)])
    reached = float((logits.argmax(dim=1) == labels).float().mean())
    dense = sum(4 * value.numel() for value in state.values())
    biases = sum(4 * value.numel() for value in state.values() if value.dim() < 2)
    judge.metrics["compression_ratio"] = round(dense / (total + biases), 3)
    judge.metrics["accuracy"] = round(reached, 6)
    judge.remark = f"{100 * reached:.2f} % in {total} bytes: expected {100 * full:.1f} % in {max_bytes}"
    assert reached > least, f"{judge.remark}, points begin at {100 * least:.0f} %"
    return float(np.clip((reached - least) / (full - least), 0, 1))


@check(
    "quantize_in_budget",
    "about three bits a weight: at least 85 % of the test images right",
    points=3,
    hint="Not all tensors need the same width: give bits to those that disturb the outputs on `images` most.",
)
def test_quantize_in_budget_three_bits(judge: Judge) -> float:
    return budget_points(judge, "three")


@check(
    "quantize_in_budget",
    "about four bits a weight: at least 86.5 % of the test images right",
    points=3,
    hint="Clip: of several scales for a channel take the one of least error. Then let weights not "
    "yet rounded "
    "make up for the error of those that are.",
)
def test_quantize_in_budget_four_bits(judge: Judge) -> float:
    return budget_points(judge, "four")
