"""The judgement of the quantization room: every task with the ways to be wrong that its checks look for.

What the contract leaves open is not judged: fewer than 2 bits or more than 8, a range whose low end is the
higher, a zero point that lies halfway between two integers, the range of no value at all, `dequantize` of
narrow integers with a zero point other than 0. A value within a millionth of a step of a rounding edge may
fall to either side, unless the division is exact: x / s and x * (1 / s) differ in the last place.
"""

# mypy: allow-untyped-defs, no-check-untyped-defs
# Scenarios travel as source text into a worker that has no typing names.

import math
from typing import Any

import torch
from torch import Tensor

from autograder.task import (
    Judge,
    Scenario,
    assert_close,
    assert_equal,
    check,
    integer,
    real,
    scenario,
    sequence,
    tensor,
)

SHAPES = [(6,), (4, 5), (5, 5), (3, 4, 5), (2, 3, 4, 5)]


def ask(judge: Judge, scenario: Scenario, count: int = 2, **inputs: Any) -> list[Any]:
    """The `count` values that a scenario returns, taken apart."""
    return sequence(judge.run(scenario, **inputs), what="what came back from the worker", length=count)


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
# over the last alone; the axis of a square weight mistaken; an axis from the end; dimensions kept; axis
# ignored; a 1-D weight with axis 0 gives one scale; scale 0, NaN or 1e-8 for zeros, 1 for a tensor with
# some; a float, or float64.


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
    "an axis counted from the end",
    points=0.5,
    hint="axis=-1 is the last dimension, as in weight.shape[axis]; axis % weight.dim() makes it positive.",
)
def test_symmetric_scale_negative_axis(judge: Judge) -> None:
    for shape in ((4, 5), (5, 5), (3, 4, 2, 5)):
        weight = randn(judge, *shape)
        for axis in range(-len(shape), 0):
            assert_symmetric(judge, weight, 8, axis)


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
        assert_symmetric(judge, weight, 8, 0)
    assert_symmetric(judge, rows, 8, 0)
    assert_symmetric(judge, rows.T.contiguous(), 4, 1)
    assert_symmetric(judge, sizes, 8, 0)


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
# Wrong: one scale for the whole weight; the scales of another axis, seen on a square weight; axis ignored,
# or wrong from the end; scales that keep their dimensions; cut off instead of rounded; divided by
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
    "an axis counted from the end",
    points=0.5,
    hint="axis=-1 is the last dimension; axis % weight.dim() makes it positive.",
)
def test_quantize_per_channel_negative_axis(judge: Judge) -> None:
    for shape in ((4, 5), (5, 5), (3, 4, 2, 5)):
        weight = randn(judge, *shape)
        for axis in range(-len(shape), 0):
            assert_per_channel(judge, weight, 8, axis)


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
        assert_per_channel(judge, sizes, bits, 0)
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
