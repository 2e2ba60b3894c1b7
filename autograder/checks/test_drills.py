"""The judgement of the drills: every task with the ways to be wrong that its checks look for.

What the contract leaves open is not judged: how ties break, how low-rank factors share the singular values,
a value on the very edge of a clipping range, bits outside 2 .. 8. A code may fall to either side where the
exact quotient lies within a thousandth of a rounding edge, unless the division is exact.
"""

# mypy: allow-untyped-defs, no-check-untyped-defs
# Scenarios travel as source text into a worker that has no typing names.

import math
from typing import Any

import torch
from torch import Tensor, nn

from autograder.task import (
    Judge,
    Scenario,
    assert_close,
    assert_equal,
    check,
    integer,
    scenario,
    sequence,
    tensor,
)

EXPLAINED_IN = {  # task -> room and section of the lesson that comes nearest
    "quantize_per_group": "quantization#4 Build",
    "pack_int4": "quantization#3 By hand",
    "unpack_int4": "quantization#3 By hand",
    "quantize_per_token": "quantization#3 By hand",
    "quantize_blockwise": "weight_sharing#3 By hand",
    "fake_quantize": "quantization#3 By hand",
    "stochastic_round": "quantization#3 By hand",
    "n_of_m_mask": "pruning#6 Limits",
    "low_rank_factors": "measuring#1 Question",
    "merge_lora": "measuring#1 Question",
    "smooth_linear": "quantization#5 Experiment",
    "fold_input_batchnorm": "quantization#4 Build",
    "decode_step": "measuring#5 Experiment",
    "verify_draft": "measuring#5 Experiment",
}
EDGE = 0.501  # how far a code may lie from the exact quotient


def ask(judge: Judge, scenario: Scenario, number: int, /, **inputs: Any) -> list[Any]:
    """The `number` values that a scenario returns, taken apart."""
    return sequence(judge.run(scenario, **inputs), what="what came back from the worker", length=number)


def assert_unchanged(got: object, before: Tensor, *, what: str) -> None:
    after = tensor(got, what=what, dtype=before.dtype, shape=before.shape)
    assert torch.equal(after, before), f"the argument {what} was changed; work on a copy"


def randn(judge: Judge, *shape: int) -> Tensor:
    return torch.randn(shape, generator=judge.generator)


def told(known: dict[str, bool]) -> str:
    """The first sentence that fits what came, as the end of a message."""
    return next((f" ({sentence})" for sentence, fits in known.items() if fits), "")


def near(got: Tensor, want: Tensor) -> bool:
    return got.shape == want.shape and torch.allclose(got.double(), want.double(), rtol=1e-4, atol=1e-6)


def shown(values: Tensor) -> str:
    return str([round(value, 6) for value in values.flatten().tolist()])


def assert_rounded(codes: Tensor, exact: Tensor, *, what: str, guess: str = "") -> None:
    """Every code is the integer next to the exact value."""
    wrong = (codes.double() - exact.double()).abs() > EDGE
    if bool(wrong.any()):
        at = tuple(wrong.nonzero()[0].tolist())
        raise AssertionError(
            f"{what}: the code at {list(at)} is {int(codes[at])}, expected {float(exact[at]):.4g} rounded"
            f" ({int(wrong.sum())} of {wrong.numel()} differ){guess}"
        )


# ---- quantize_per_group ------------------------------------------------------------------------------------
# Wrong: one scale a row or for the whole matrix; groups down the columns, or across the ends of rows; the
# last group dropped, or stretched; 2^(bits-1) or 2^bits - 1 for the limit; no abs; cut off instead of
# rounded; halves away from zero; NaN for zeros; codes of another dtype; default of 8 bits or of 128.


@scenario
def call_quantize_per_group(work, weight, group=None, bits=None, transposed=False):
    weight = weight.T if transposed else weight
    given = {"group": group, "bits": bits}
    result = work.quantize_per_group(weight, **{name: v for name, v in given.items() if v is not None})
    return result, weight


def assert_per_group(
    judge: Judge,
    weight: Tensor,
    group: int | None = None,
    bits: int | None = None,
    *,
    transposed: bool = False,
) -> Tensor:
    """Scales and codes of one matrix; the codes are returned."""
    got, after = ask(
        judge, call_quantize_per_group, 2, weight=weight, group=group, bits=bits, transposed=transposed
    )
    weight = weight.T if transposed else weight
    size, limit = group or 32, 2 ** ((bits or 4) - 1) - 1
    rows, columns = weight.shape
    what = f"quantize_per_group of a ({rows}, {columns}) weight in groups of {size}"
    codes, scales = sequence(got, what=what, length=2)
    parts = weight.abs().split(size, dim=1)
    largest = torch.stack([part.amax(dim=1) for part in parts], dim=1)
    scales = tensor(scales, what=f"scales of {what}", dtype=torch.float32, shape=largest.shape, finite=True)
    want = torch.where(largest > 0, largest / limit, 1.0)
    signed = torch.stack([part.amax(dim=1) for part in weight.split(size, dim=1)], dim=1)
    guess = told(
        {
            f"codes of {bits or 4} bits end at 2^(bits-1) - 1 = {limit}": near(scales * (limit + 1), largest)
            or near(scales * (2 * limit + 1), largest),
            "the magnitude decides: abs() before the maximum": near(scales * limit, signed),
            "a group of zeros has scale 1": near(scales[largest == 0], torch.zeros(int((largest == 0).sum())))
            and bool((largest == 0).any()),
            "that is one scale for all groups": bool((scales == scales[0, 0]).all()),
        }
    )
    assert_close(scales, want, what=f"scales of {what}{guess}", rtol=1e-5, atol=0.0)
    codes = tensor(codes, what=f"codes of {what}", dtype=torch.int8, shape=weight.shape)
    wide = want.repeat_interleave(size, dim=1)[:, :columns]
    exact = weight.double() / wide
    guess = told({"cut off instead of rounded": torch.equal(codes, exact.trunc().to(torch.int8))})
    assert_rounded(codes, exact, what=what, guess=guess)
    assert_unchanged(after, weight, what="weight")
    return codes


@check(
    "quantize_per_group",
    "two rows by hand, two groups each",
    public=True,
    hint=(
        "Cut each row into groups first: (out, in) becomes (out, groups, group). Then one amax over the last."
    ),
)
def test_quantize_per_group_two_rows(judge: Judge) -> None:
    weight = torch.tensor([[7.0, -2.0, 0.5, 0.0], [-1.0, 0.25, 14.0, -4.0]])
    codes = assert_per_group(judge, weight, 2)
    want = torch.tensor([[7, -2, 7, 0], [-7, 2, 7, -2]], dtype=torch.int8)
    assert_equal(codes, want, what="codes of [[7, -2, 0.5, 0], [-1, 0.25, 14, -4]] in groups of 2")


@check(
    "quantize_per_group",
    "any bits, a short last group, any memory layout, the weight left as it is",
    hint=(
        "'shape is invalid'? The input dimension need not be a multiple of group: fill "
        "up with zeros, cut later."
    ),
)
def test_quantize_per_group_shapes(judge: Judge) -> None:
    for rows, columns, group, bits in (
        (3, 70, None, None),
        (4, 12, 4, 8),
        (5, 7, 3, 2),
        (1, 5, 8, 3),
        (2, 6, 1, 5),
    ):
        sizes = torch.logspace(-2, 1, columns)
        assert_per_group(judge, randn(judge, rows, columns) * sizes, group, bits)
        assert_per_group(judge, randn(judge, columns, rows) * sizes[:, None], group, bits, transposed=True)


@check(
    "quantize_per_group",
    "halves to the even code, groups of zeros, tiny and huge weights",
    points=0.5,
    hint="0 / 0 is NaN, and NaN cast to an integer is anything. torch.round takes halves to the even code.",
)
def test_quantize_per_group_edges(judge: Judge) -> None:
    codes = assert_per_group(judge, torch.tensor([[7.0, 0.5, 1.5, -2.5, 3.5]]), 5)
    assert codes.tolist() == [[7, 0, 2, -2, 4]], (
        f"codes of [7, 0.5, 1.5, -2.5, 3.5] with scale 1: expected [7, 0, 2, -2, 4], got {codes[0].tolist()}"
    )
    for size in (0.0, 1e-20, 1e20):
        weight = torch.cat([randn(judge, 2, 4) * size, randn(judge, 2, 3)], dim=1)
        assert_per_group(judge, weight, 4)


@check(
    "quantize_per_group", "refuses a group below 1", points=0.5, hint="raise ValueError(f'group must ...')"
)
def test_quantize_per_group_range(judge: Judge) -> None:
    weight = torch.ones(2, 4)
    judge.run(call_quantize_per_group, weight=weight, group=1)
    for group in (0, -2):
        judge.raises(call_quantize_per_group, ValueError, naming="group", weight=weight, group=group)


# ---- pack_int4, unpack_int4 --------------------------------------------------------------------------------
# Wrong: the first code in the high bits; halves of the list instead of neighbours; codes shifted by 8
# instead of two's complement; sign bits of the low code spill into the high one; an odd end dropped, or
# filled with something else; no sign on the way back; int16; refuses -8 or nothing.


@scenario
def call_pack_int4(work, codes):
    return work.pack_int4(codes), codes


@scenario
def call_unpack_int4(work, packed, count):
    return work.unpack_int4(packed, count), packed


def pack(codes: list[int]) -> list[int]:
    """The bytes, in plain Python."""
    nibbles = [code % 16 for code in codes] + [0] * (len(codes) % 2)
    return [low + 16 * high for low, high in zip(nibbles[::2], nibbles[1::2], strict=True)]


def assert_packed(judge: Judge, values: list[int]) -> None:
    codes = torch.tensor(values, dtype=torch.int8)
    got, after = ask(judge, call_pack_int4, 2, codes=codes)
    want = pack(values)
    what = f"pack_int4 of {values if len(values) < 9 else f'{len(values)} codes'}"
    packed = tensor(got, what=what, dtype=torch.uint8, shape=(len(want),)).tolist()
    swapped = [byte % 16 * 16 + byte // 16 for byte in want]
    shifted = [byte ^ 0x88 for byte in want]
    half = len(want)
    apart = pack([v for pair in zip(values[:half], [*values[half:], 0][:half], strict=True) for v in pair])
    spilled = [byte | 0xF0 * (code < 0) for byte, code in zip(want, values[::2], strict=True)]
    guess = told(
        {
            "the first code of a pair belongs into the low four bits": packed == swapped,
            "two's complement, not code + 8": packed == shifted or packed[:-1] == shifted[:-1] != want[:-1],
            "neighbours share a byte, not the two halves of the list": packed == apart,
            "a negative code is all ones above its four bits: mask it with 15 first": packed == spilled,
        }
    )
    assert packed == want, f"{what}: expected {want[:8]}, got {packed[:8]}{guess}"
    assert_unchanged(after, codes, what="codes")


@check(
    "pack_int4",
    "pairs by hand, with and without signs",
    public=True,
    hint="Bytes above 240 wherever the first code is negative? & 15 keeps its four bits only.",
)
def test_pack_int4_by_hand(judge: Judge) -> None:
    for values in ([1, 2], [-1, 0], [0, -1], [7, -8, 3, -2]):
        assert_packed(judge, values)


@check(
    "pack_int4",
    "all 256 pairs, an odd number of codes, one code, none",
    hint="An odd end fills its byte with 0 in the high four bits.",
)
def test_pack_int4_all(judge: Judge) -> None:
    assert_packed(judge, [code for low in range(-8, 8) for high in range(-8, 8) for code in (low, high)])
    some = torch.randint(-8, 8, (33,), generator=judge.generator).tolist()
    for values in (some, [5, -6, 7], [-3], []):
        assert_packed(judge, values)


@check("pack_int4", "refuses codes of more than four bits", points=0.5, hint="-8 and 7 fit, -9 and 8 do not.")
def test_pack_int4_range(judge: Judge) -> None:
    for code in (8, -9, 127, -128):
        codes = torch.tensor([0, code, 1], dtype=torch.int8)
        judge.raises(call_pack_int4, ValueError, naming="codes", codes=codes)


def assert_unpacked(judge: Judge, values: list[int]) -> None:
    packed = torch.tensor(pack(values), dtype=torch.uint8)
    got, after = ask(judge, call_unpack_int4, 2, packed=packed, count=len(values))
    what = f"unpack_int4 of {packed.tolist()[:6]}, count {len(values)}"
    codes = tensor(got, what=what, dtype=torch.int8, shape=(len(values),)).tolist()
    padded = [*values, 0][: len(values) + len(values) % 2]
    swapped = [code for at in range(0, len(padded), 2) for code in (padded[at + 1], padded[at])]
    guess = told(
        {
            "the low four bits come first": codes == swapped[: len(values)],
            "a nibble from 8 on is negative: 15 stands for -1": codes == [value % 16 for value in values],
            "two's complement, not nibble - 8": codes == [value % 16 - 8 for value in values],
            "the two codes of a byte are neighbours": codes == padded[::2] + padded[1::2],
        }
    )
    assert codes == values, f"{what}: expected {values[:8]}, got {codes[:8]}{guess}"
    assert_unchanged(after, packed, what="packed")


@check(
    "unpack_int4",
    "bytes by hand, with and without signs",
    public=True,
    hint="15 where -1 should be? A nibble from 8 on stands for a negative number.",
)
def test_unpack_int4_by_hand(judge: Judge) -> None:
    for values in ([1, 2], [-1, 0], [0, -1], [7, -8, 3, -2]):
        assert_unpacked(judge, values)


@check(
    "unpack_int4",
    "all 256 bytes, an odd count, one code, none",
    hint="count says where the codes end: the last high nibble of an odd count is no code.",
)
def test_unpack_int4_all(judge: Judge) -> None:
    assert_unpacked(judge, [code for low in range(-8, 8) for high in range(-8, 8) for code in (low, high)])
    some = torch.randint(-8, 8, (33,), generator=judge.generator).tolist()
    for values in (some, [5, -6, 7], [-3], []):
        assert_unpacked(judge, values)


@check(
    "unpack_int4",
    "refuses a count that does not fit the bytes",
    points=0.5,
    hint="Three bytes hold five or six codes, nothing else.",
)
def test_unpack_int4_range(judge: Judge) -> None:
    packed = torch.tensor([1, 2, 3], dtype=torch.uint8)
    for count in (5, 6):
        judge.run(call_unpack_int4, packed=packed, count=count)
    for count in (4, 7, 0, -1):
        judge.raises(call_unpack_int4, ValueError, naming="count", packed=packed, count=count)


# ---- quantize_per_token ------------------------------------------------------------------------------------
# Wrong: one range for the batch, or a range a column; not widened to 0; symmetric; 2^bits steps; the zero
# point of the wrong sign, cut off, a float; codes not clamped, which wraps around; int8; NaN for a row of
# zeros.


@scenario
def call_quantize_per_token(work, x, bits=None):
    return (work.quantize_per_token(x) if bits is None else work.quantize_per_token(x, bits=bits)), x


def assert_per_token(judge: Judge, x: Tensor, bits: int | None = None) -> None:
    got, after = ask(judge, call_quantize_per_token, 2, x=x, bits=bits)
    top, size = 2 ** (bits or 8) - 1, x.shape
    what = f"quantize_per_token of {shown(x) if x.numel() < 9 else tuple(size)} at {bits or 8} bits"
    codes, scales, zeros = sequence(got, what=what, length=3)
    low, high = x.amin(dim=1).clamp(max=0).double(), x.amax(dim=1).clamp(min=0).double()
    want = torch.where(high > low, (high - low) / top, 1.0)
    scales = tensor(scales, what=f"scales of {what}", dtype=torch.float32, shape=(size[0],), finite=True)
    used = x.amax(dim=1).double() - x.amin(dim=1).double()
    guess = told(
        {
            "the range of a row is widened to contain 0": near(scales * top, used),
            f"{top + 1} codes have {top} steps between them": near(scales * (top + 1), high - low),
            "that is one scale for the whole batch": len(scales) > 1 and bool((scales == scales[0]).all()),
            "that is the symmetric scale": near(scales * (top // 2), torch.maximum(high, -low)),
        }
    )
    assert_close(scales, want.float(), what=f"scales of {what}{guess}", rtol=1e-5, atol=0.0)
    zeros = tensor(zeros, what=f"zero points of {what}", dtype=torch.int32, shape=(size[0],))
    exact = -low / want
    guess = told({"the sign is that of -low / scale": near(zeros, -exact.round())})
    assert_rounded(zeros, exact, what=f"zero points of {what}", guess=guess)
    codes = tensor(codes, what=f"codes of {what}", dtype=torch.uint8, shape=size)
    shifted = (x / want[:, None] + zeros[:, None]).clamp(0, top)
    wrapped = (x / want[:, None]).round() + zeros[:, None]
    guess = told(
        {
            "the zero point is missing": near(codes, shifted - zeros[:, None]),
            "a code above the last one wraps around: clamp": bool((codes == wrapped % (top + 1)).all())
            or bool((codes == wrapped).all()),
        }
    )
    assert_rounded(codes, shifted, what=what, guess=guess)
    assert_unchanged(after, x, what="x")


@check(
    "quantize_per_token",
    "rows by hand, of both signs and of one",
    public=True,
    hint="A row of positive numbers has zero point 0: its range is widened to contain 0.",
)
def test_quantize_per_token_by_hand(judge: Judge) -> None:
    for rows in (
        [[-1.0, 0.0, 2.75]],
        [[3.0, 6.0, 15.0]],
        [[-6.0, -1.5, -7.5]],
        [[-1.0, 0.0, 1.5], [3.0, 6.0, 15.0]],
    ):
        assert_per_token(judge, torch.tensor(rows), 4)


@check(
    "quantize_per_token",
    "tokens of very different size, any bits, x left as it is",
    hint="Each row finds its own range: amin and amax over dim=1.",
)
def test_quantize_per_token_rows(judge: Judge) -> None:
    for tokens, features, bits in ((5, 16, None), (3, 40, 4), (4, 4, 2), (1, 7, 8), (6, 3, 3)):
        x = randn(judge, tokens, features) * torch.logspace(-3, 3, tokens)[:, None]
        assert_per_token(judge, x + 0.3 * x.abs(), bits)
        assert_per_token(judge, x.abs(), bits)
        assert_per_token(judge, -x.abs(), bits)


@check(
    "quantize_per_token",
    "rows of zeros, a zero point halfway between two codes",
    points=0.5,
    hint=(
        "Where the zero point is rounded up, the largest value lands one code too high: clamp to 2^bits - 1."
    ),
)
def test_quantize_per_token_edges(judge: Judge) -> None:
    assert_per_token(judge, torch.tensor([[0.0, 0.0, 0.0], [1.0, 0.0, -2.0]]))
    for bits in (2, 3, 8):
        half = 2.0 ** (bits - 1) - 0.5
        assert_per_token(
            judge, torch.tensor([[-half, half, 1.0, 0.0], [-half - 1, half - 1, 1.0, 0.0]]), bits
        )


# ---- quantize_blockwise ------------------------------------------------------------------------------------
# Wrong: blocks that end at the ends of rows; one absmax for all; no abs; the last block dropped; the
# distance in the weight's unit; searchsorted without looking at both neighbours; codes as long or flat; NaN
# for zeros; absmax 1 for zeros; sum or root of squares for absmax.


@scenario
def call_quantize_blockwise(work, weight, codebook, block=None, transposed=False):
    weight = weight.transpose(0, -1) if transposed else weight
    given = {} if block is None else {"block": block}
    return work.quantize_blockwise(weight, codebook, **given), weight, codebook


def assert_blockwise(
    judge: Judge, weight: Tensor, codebook: Tensor, block: int | None = None, *, transposed: bool = False
) -> None:
    got, after, levels = ask(
        judge,
        call_quantize_blockwise,
        3,
        weight=weight,
        codebook=codebook,
        block=block,
        transposed=transposed,
    )
    weight, size = weight.transpose(0, -1) if transposed else weight, block or 64
    small = shown(weight) if weight.numel() < 7 else tuple(weight.shape)
    what = f"quantize_blockwise of {small} in blocks of {size}"
    codes, absmax = sequence(got, what=what, length=2)
    parts = weight.flatten().split(size) if weight.numel() else ()
    want = torch.stack([part.abs().max() for part in parts]) if parts else torch.zeros(0)
    absmax = tensor(absmax, what=f"absmax of {what}", dtype=torch.float32, shape=want.shape, finite=True)
    signed = torch.stack([part.max() for part in parts]) if parts else want
    guess = told(
        {
            "a block of zeros has absmax 0": bool((absmax != want).any())
            and torch.equal(absmax[want > 0], want[want > 0]),
            "the magnitude decides: abs() before the maximum": torch.equal(absmax, signed),
        }
    )
    assert_equal(absmax, want, what=f"absmax of {what}{guess}")
    codes = tensor(codes, what=f"codes of {what}", dtype=torch.uint8, shape=weight.shape).flatten().long()
    assert not codes.numel() or int(codes.max()) < len(codebook), (
        f"{what}: the code {int(codes.max())}, but there are {len(codebook)} levels"
    )
    divisor = torch.where(want > 0, want, 1.0).repeat_interleave(size)[: weight.numel()]
    scaled = (weight.flatten() / divisor).double()
    distance = (scaled[:, None] - codebook.double()).abs()
    chosen, best = distance.gather(1, codes[:, None])[:, 0], distance.min(dim=1).values
    wrong = (chosen > best + 1e-6).nonzero().flatten()
    if len(wrong):
        at = int(wrong[0])
        below = torch.searchsorted(codebook, scaled.float()).clamp(max=len(codebook) - 1)
        raw = (weight.flatten()[:, None].double() - codebook.double()).abs().argmin(dim=1)
        guess = told(
            {
                "that is the next level above, not the nearest one": torch.equal(codes, below),
                "that is the next level below, not the nearest one": torch.equal(
                    codes, (below - 1).clamp(min=0)
                ),
                "weights are divided by their absmax before they are compared": torch.equal(codes, raw),
            }
        )
        raise AssertionError(
            f"{what}: weight {at} is {float(scaled[at]):.4g} of its absmax and got level"
            f" {float(codebook[codes[at]]):.4g}, but {float(codebook[distance[at].argmin()]):.4g} is nearer"
            f" ({len(wrong)} of {weight.numel()} differ){guess}"
        )
    assert_unchanged(after, weight, what="weight")
    assert_unchanged(levels, codebook, what="codebook")


def random_levels(judge: Judge, count: int) -> Tensor:
    """An ascending codebook from -1 to 1 that holds 0, with levels at uneven distances."""
    inner = torch.rand(count - 3, generator=judge.generator) * 1.9 - 0.95
    return torch.cat([torch.tensor([-1.0, 0.0, 1.0]), inner]).sort().values


@check(
    "quantize_blockwise",
    "six weights by hand",
    public=True,
    hint=(
        "The nearest level has the smallest |w / absmax - level|: compare with all "
        "levels, argmin over the last."
    ),
)
def test_quantize_blockwise_by_hand(judge: Judge) -> None:
    levels = torch.tensor([-1.0, -0.25, 0.0, 0.5, 1.0])
    assert_blockwise(judge, torch.tensor([4.0, -1.0, 0.5, 0.1]), levels, 2)
    assert_blockwise(judge, torch.tensor([[8.0, -8.0, 1.5], [0.3, -0.4, 0.05]]), levels, 3)


@check(
    "quantize_blockwise",
    "blocks across rows, a short last one, one to four dimensions, the arguments left as they are",
    hint="Blocks run through the flattened weight: a block may begin in one row and end in the next.",
)
def test_quantize_blockwise_shapes(judge: Judge) -> None:
    for shape, block in (
        ((150,), None),
        ((7, 30), 64),
        ((5, 6), 4),
        ((3, 4, 5), 7),
        ((2, 3, 2, 3), 50),
        ((4, 6), 1),
    ):
        levels = random_levels(judge, 16)
        sizes = torch.logspace(-2, 2, math.prod(shape)).view(shape)
        assert_blockwise(judge, randn(judge, *shape) * sizes, levels, block)
        assert_blockwise(
            judge, randn(judge, *shape) * sizes, levels[::3].contiguous(), block, transposed=True
        )


@check(
    "quantize_blockwise",
    "blocks of zeros, no weight, a codebook without 0",
    points=0.5,
    hint="A block of zeros has absmax 0, and 0 / 0 is no number: divide by 1 there.",
)
def test_quantize_blockwise_edges(judge: Judge) -> None:
    levels = torch.tensor([-1.0, -0.3, 0.1, 0.6, 1.0])
    assert_blockwise(judge, torch.tensor([0.0, 0.0, 0.0, 2.0, -1.0, 0.0, 0.0]), levels, 3)
    assert_blockwise(judge, torch.zeros(0, 3), levels, 3)
    assert_blockwise(judge, torch.tensor([[-2.5]]), levels)


@check(
    "quantize_blockwise", "refuses a block below 1", points=0.5, hint="raise ValueError(f'block must ...')"
)
def test_quantize_blockwise_range(judge: Judge) -> None:
    inputs: dict[str, Any] = {"weight": torch.ones(2, 4), "codebook": torch.tensor([-1.0, 0.0, 1.0])}
    judge.run(call_quantize_blockwise, block=1, **inputs)
    for block in (0, -2):
        judge.raises(call_quantize_blockwise, ValueError, naming="block", block=block, **inputs)


# ---- fake_quantize -----------------------------------------------------------------------------------------
# Wrong: the gradient of round, which is 0; gradient 1 outside the range too; gradient times or over the
# scale; not clamped; 2^(bits-1) levels; codes returned instead of numbers; scale ignored in the range;
# floor.


@scenario
def call_fake_quantize(work, x, scale, upstream, bits=None):
    leaf = x.clone().requires_grad_(True)
    y = work.fake_quantize(leaf, scale) if bits is None else work.fake_quantize(leaf, scale, bits=bits)
    if y.requires_grad:
        (y * upstream).sum().backward()
    grad = leaf.grad if leaf.grad is not None else torch.zeros_like(x)
    return y.detach(), grad, leaf.detach()


def assert_fake(judge: Judge, x: Tensor, scale: float, bits: int | None = None) -> None:
    upstream = randn(judge, *x.shape)
    y, grad, after = ask(judge, call_fake_quantize, 3, x=x, scale=scale, upstream=upstream, bits=bits)
    limit = 2 ** ((bits or 8) - 1) - 1
    what = (
        f"fake_quantize of {shown(x) if x.numel() < 9 else tuple(x.shape)}, scale {scale:g}, bits {bits or 8}"
    )
    y = tensor(y, what=what, dtype=torch.float32, shape=x.shape, finite=True)
    codes = y.double() / scale
    exact = (x.double() / scale).clamp(-limit, limit)
    guess = told(
        {
            "those are the codes: multiply by scale again": near(y, exact.round()),
            f"codes end at 2^(bits-1) - 1 = {limit}": float(codes.abs().max()) > limit + 0.4,
            "nothing was rounded": near(codes, exact),
        }
    )
    assert bool(((codes - codes.round()).abs() < 1e-3).all()), (
        f"{what}: {shown(y)[:60]} is not on the grid{guess}"
    )
    assert_rounded(codes, exact, what=f"{what}, values over scale", guess=guess)
    inside = (x.double().abs() <= limit * scale).float()
    grad = tensor(grad, what=f"gradient of {what}", dtype=torch.float32, shape=x.shape)
    guess = told(
        {
            "round has the gradient 0 everywhere: let it pass around the rounding": bool((grad == 0).all()),
            "outside the range the gradient is 0": near(grad, upstream),
            "the gradient is not scaled": near(grad * scale, upstream * inside)
            or near(grad, upstream * inside * scale),
        }
    )
    assert_close(grad, upstream * inside, what=f"gradient of {what}{guess}", rtol=1e-4, atol=1e-6)
    assert_unchanged(after, x, what="x")


@check(
    "fake_quantize",
    "seven values by hand, with their gradients",
    public=True,
    hint="All gradients 0? x + (rounded - x).detach() has the value of rounded and the gradient of x.",
)
def test_fake_quantize_by_hand(judge: Judge) -> None:
    assert_fake(judge, torch.tensor([0.3, -0.9, 1.2, 1.7, -1.6, 5.0, -5.0]), 0.5, 3)


@check(
    "fake_quantize",
    "any bits, scale and shape; halves to the even level",
    hint="Clamp to limit * scale on both sides, with limit = 2^(bits-1) - 1.",
)
def test_fake_quantize_shapes(judge: Judge) -> None:
    for shape, scale, bits in (
        ((40,), 0.02, None),
        ((5, 9), 0.25, 4),
        ((3, 4, 5), 1e-3, 2),
        ((2, 3, 4, 2), 30.0, 8),
    ):
        limit = 2 ** ((bits or 8) - 1) - 1
        x = randn(judge, *shape) * limit * scale
        edge = (x.abs() / scale - limit).abs() < 0.01  # the very end of the range is left open
        assert_fake(judge, torch.where(edge, x / 2, x), scale, bits)
    upstream = torch.ones(5)
    x = torch.tensor([0.5, 1.5, 2.5, -0.5, -1.5])
    y, _, _ = ask(judge, call_fake_quantize, 3, x=x, scale=1.0, upstream=upstream, bits=4)
    y = tensor(y, what="fake_quantize", dtype=torch.float32, shape=(5,))
    assert_equal(
        y, torch.tensor([0.0, 2.0, 2.0, 0.0, -2.0]), what="fake_quantize of [0.5, 1.5, 2.5, -0.5, -1.5]"
    )


@check(
    "fake_quantize", "refuses a scale that is not above 0", points=0.5, hint="raise ValueError(f'scale ...')"
)
def test_fake_quantize_range(judge: Judge) -> None:
    for scale in (0.0, -0.5):
        judge.raises(
            call_fake_quantize,
            ValueError,
            naming="scale",
            x=torch.ones(2),
            scale=scale,
            upstream=torch.ones(2),
        )


# ---- stochastic_round --------------------------------------------------------------------------------------
# Wrong: rounds to the nearest; up with probability 1/2; up and down exchanged; cut off towards zero; one
# random number for all entries; the global generator; a generator of its own, or seeded anew; noise added
# before the floor, which float32 rounds away or up; whole numbers moved.


@scenario
def call_stochastic_round(work, x, seeds, times=1):
    before, results = torch.get_rng_state(), []
    for seed in seeds:
        generator = torch.Generator().manual_seed(seed)
        results.append(torch.stack([work.stochastic_round(x, generator) for _ in range(times)]))
    results = torch.stack(results)
    moved = results.double() - x.floor().double()  # small numbers, in which a whole step shows
    return results, moved, bool(torch.equal(before, torch.get_rng_state())), x


def rounded(judge: Judge, x: Tensor, *seeds: int, times: int = 1) -> Tensor:
    """Float32 (seeds, times, ...), each entry one of the two neighbours."""
    got, moved, untouched, after = ask(judge, call_stochastic_round, 4, x=x, seeds=list(seeds), times=times)
    what = f"stochastic_round of {shown(x) if x.numel() < 9 else tuple(x.shape)}"
    shape = (len(seeds), times, *x.shape)
    got = tensor(got, what=what, dtype=torch.float32, shape=shape, finite=True)
    moved = tensor(moved, what=f"steps of {what}", dtype=torch.float64, shape=shape)
    wrong = ((moved != 0) & ((moved != 1) | (x == x.floor()))).nonzero()
    if len(wrong):
        at = tuple(wrong[0].tolist())
        value, came = x[at[2:]].item(), got[at].item()
        guess = told({"a whole number stays what it is": value == math.floor(value)})
        raise AssertionError(f"{what}: {value:.9g} became {came:.9g}, which is no neighbour{guess}")
    assert untouched is True, f"{what}: torch's global generator was used; pass generator=generator"
    assert_unchanged(after, x, what="x")
    return got


@check(
    "stochastic_round",
    "four numbers, many times: the mean is the number",
    public=True,
    hint="-0.25 goes to 0 three times in four and to -1 once: floor(-0.25) is -1, the part behind it 0.75.",
)
def test_stochastic_round_mean(judge: Judge) -> None:
    x = torch.tensor([0.25, -0.25, 2.9, 5.0])
    seed = int(torch.randint(1 << 30, (1,), generator=judge.generator))
    mean = rounded(judge, x, seed, times=2000)[0].mean(dim=0)
    guess = told(
        {
            "it rounds to the nearest": torch.equal(mean, x.round()),
            "up and down are exchanged": near(
                mean.round(decimals=1), (x.floor() + x.ceil() - x).round(decimals=1)
            ),
            "every number goes up half of the time": bool(((mean - x.floor())[:3] - 0.5).abs().max() < 0.06),
        }
    )
    for value, average in zip(x.tolist(), mean.tolist(), strict=True):
        assert abs(average - value) < 0.06, (
            f"stochastic_round of {value:g}, 2000 times: a mean of {average:.3f}, expected {value:g}{guess}"
        )


@check(
    "stochastic_round",
    "entries differ from each other, the same seed gives the same, another seed another",
    hint="One random number for each entry, all from the generator that was given.",
)
def test_stochastic_round_generator(judge: Judge) -> None:
    x = torch.full((6, 50), 0.5) + torch.randint(-9, 9, (6, 50), generator=judge.generator)
    first, again, other = rounded(judge, x, 11, 11, 12, times=2)
    assert torch.equal(first, again), "stochastic_round: the same seed gave two results"
    assert not torch.equal(first, other), "stochastic_round: two seeds gave one result: use the generator"
    assert not torch.equal(first[0], first[1]), "stochastic_round: the second call repeats the first"
    up = first - x.floor()
    row = float(up[0, 0].mean())
    assert 0 < row < 1, (
        "stochastic_round: the 50 entries of a row all went the same way; draw a number for each"
    )
    assert not torch.equal(up[0, 0], up[0, 1]), "stochastic_round: rows share their random numbers"


@check(
    "stochastic_round",
    "whole and large numbers, one to four dimensions",
    points=0.5,
    hint=(
        "4194304.0 moved? float32 rounds x + noise before floor sees it. Compare the noise with x - floor(x)."
    ),
)
def test_stochastic_round_edges(judge: Judge) -> None:
    rounded(judge, torch.tensor([4194304.0, -4194304.0, 8388607.0, 0.0, -7.0, 1e9]), 3, times=50)
    for shape in ((5,), (3, 4), (2, 3, 2), (2, 1, 2, 2), (0, 3)):
        rounded(judge, randn(judge, *shape) * 10, 5, times=3)
    large = rounded(judge, torch.full((400,), 4194304.5), 4)[0] - 4194304
    assert 0.3 < float(large.mean()) < 0.7, (
        f"stochastic_round of 4194304.5 goes up in {float(large.mean()):.0%} of 400, expected about half"
    )


# ---- n_of_m_mask -------------------------------------------------------------------------------------------
# Wrong: no abs; the smallest kept; the pattern [1, 1, 0, 0] whatever the weights; one ranking a row; groups
# down the first dimension; a threshold that loses count at ties; keep and group exchanged; pads instead of
# refusing.


@scenario
def call_n_of_m_mask(work, weight, keep=None, group=None, transposed=False):
    weight = weight.transpose(0, -1) if transposed else weight
    given = {"keep": keep, "group": group}
    return work.n_of_m_mask(weight, **{name: v for name, v in given.items() if v is not None}), weight


def assert_n_of_m(
    judge: Judge,
    weight: Tensor,
    keep: int | None = None,
    group: int | None = None,
    *,
    transposed: bool = False,
) -> None:
    got, after = ask(judge, call_n_of_m_mask, 2, weight=weight, keep=keep, group=group, transposed=transposed)
    weight = weight.transpose(0, -1) if transposed else weight
    n, m = 2 if keep is None else keep, group or 4
    what = f"n_of_m_mask of {shown(weight) if weight.numel() < 9 else tuple(weight.shape)}, keep {n} of {m}"
    mask = tensor(got, what=what, dtype=torch.bool, shape=weight.shape).reshape(-1, m)
    size, values = weight.abs().reshape(-1, m), weight.reshape(-1, m)
    counts = mask.sum(dim=1)
    guess = told(
        {
            "the mask is inverted: True means keep": bool((counts == m - n).all()) and 2 * n != m,
            "each group for itself, not each row": int(counts.sum()) == n * len(mask),
        }
    )
    wrong = (counts != n).nonzero().flatten()
    assert len(wrong) == 0, f"{what}: group {int(wrong[0])} keeps {int(counts[wrong[0]])}{guess}"
    lowest = torch.where(mask, size, math.inf).amin(dim=1)
    highest = torch.where(mask, -math.inf, size).amax(dim=1)
    at = (lowest < highest).nonzero().flatten()
    if len(at):
        signed = torch.where(mask, values, math.inf).amin(dim=1) >= torch.where(mask, -math.inf, values).amax(
            dim=1
        )
        inverted = torch.where(mask, size, -math.inf).amax(dim=1) <= torch.where(mask, math.inf, size).amin(
            dim=1
        )
        guess = told(
            {
                "the smallest are kept": bool(inverted.all()),
                "the magnitude decides, not the sign": bool(signed.all()),
                "the first of each group stay, whatever their size": bool(mask[:, :n].all()),
            }
        )
        row = int(at[0])
        raise AssertionError(
            f"{what}: group {shown(values[row])} keeps {shown(values[row][mask[row]])}{guess}"
        )
    assert_unchanged(after, weight, what="weight")


@check(
    "n_of_m_mask",
    "two groups by hand",
    public=True,
    hint="Reshape to (-1, group): each row is then a group, and topk finds the largest of each.",
)
def test_n_of_m_mask_by_hand(judge: Judge) -> None:
    assert_n_of_m(judge, torch.tensor([[0.1, -0.9, 0.3, 0.2, -0.5, -0.6, 0.1, 0.4]]))
    assert_n_of_m(judge, torch.tensor([[3.0, 2.0, 1.0], [-1.0, -2.0, 3.0]]), 1, 3)


@check(
    "n_of_m_mask",
    "other patterns, one to four dimensions, any memory layout, the weight left as it is",
    hint="'view size is not compatible'? A transposed weight needs reshape.",
)
def test_n_of_m_mask_shapes(judge: Judge) -> None:
    for shape, keep, group in (((12,), 1, 4), ((4, 8), None, None), ((3, 2, 10), 3, 5), ((8, 2, 3, 8), 4, 8)):
        sizes = torch.logspace(-2, 2, shape[-1])
        assert_n_of_m(judge, randn(judge, *shape) * sizes, keep, group)
        assert_n_of_m(judge, randn(judge, *shape[::-1]) * 1e-25, keep, group, transposed=True)


@check(
    "n_of_m_mask",
    "keeps count when magnitudes are equal; keeps all or none",
    points=0.5,
    hint="Three kept among equal weights? A threshold cannot split a tie; choose positions.",
)
def test_n_of_m_mask_ties(judge: Judge) -> None:
    for weight in (torch.ones(2, 8), torch.zeros(1, 4), torch.tensor([[1.0, -1.0, 1.0, 0.5]])):
        assert_n_of_m(judge, weight)
        for keep in (0, 4):
            assert_n_of_m(judge, weight, keep, 4)


@check(
    "n_of_m_mask",
    "refuses what does not fit",
    points=0.5,
    hint="Two errors: keep outside 0 .. group, and a last dimension that group does not divide.",
)
def test_n_of_m_mask_range(judge: Judge) -> None:
    for keep in (5, -1):
        judge.raises(call_n_of_m_mask, ValueError, naming="keep", weight=torch.ones(2, 8), keep=keep, group=4)
    for shape, group in (((4, 6), 4), ((8, 3), 4), ((4, 8), 3)):
        judge.raises(
            call_n_of_m_mask, ValueError, naming="group", weight=torch.ones(shape), keep=2, group=group
        )


# ---- low_rank_factors --------------------------------------------------------------------------------------
# Wrong: V for its transpose; the singular values in both factors, or in none; the smallest ones; the first
# rows and columns of the weight; one rank too few or too many; the energy as rank; the full product.


@scenario
def call_low_rank_factors(work, weight, rank):
    return work.low_rank_factors(weight, rank), weight


def orthogonal(judge: Judge, rows: int, columns: int) -> Tensor:
    """Random orthonormal columns, float64."""
    q: Tensor = torch.linalg.qr(randn(judge, rows, columns).double())[0]
    return q


def assert_low_rank(judge: Judge, weight: Tensor, rank: int) -> None:
    got, after = ask(judge, call_low_rank_factors, 2, weight=weight, rank=rank)
    rows, columns = weight.shape
    what = f"low_rank_factors of {shown(weight) if weight.numel() < 7 else tuple(weight.shape)}, rank {rank}"
    left, right = sequence(got, what=what, length=2)
    left = tensor(left, what=f"left of {what}", dtype=torch.float32, shape=(rows, rank), finite=True)
    right = tensor(right, what=f"right of {what}", dtype=torch.float32, shape=(rank, columns), finite=True)
    u, s, vh = torch.linalg.svd(weight.double(), full_matrices=False)
    best, product = (u[:, :rank] * s[:rank]) @ vh[:rank], (left @ right).double()
    guess = told(
        {
            "the singular values are missing": near(product, u[:, :rank] @ vh[:rank]),
            "the singular values are in both factors": near(
                product, (u[:, :rank] * s[:rank] ** 2) @ vh[:rank]
            ),
            "those are the smallest singular values": near(product, (u[:, -rank:] * s[-rank:]) @ vh[-rank:]),
        }
    )
    error, least = float((product - weight).norm()), float((best - weight).norm())
    assert float((product - best).norm()) <= 1e-4 * float(s[0]), (
        f"{what}: left @ right is {error:.4g} away from the weight, the nearest one {least:.4g}{guess}"
    )
    assert_unchanged(after, weight, what="weight")


@check(
    "low_rank_factors",
    "matrices by hand",
    public=True,
    hint="torch.linalg.svd returns U, s and V transposed: its rows are what right is made of.",
)
def test_low_rank_factors_by_hand(judge: Judge) -> None:
    assert_low_rank(judge, torch.tensor([[3.0, 0.0], [0.0, 1.0]]), 1)
    assert_low_rank(judge, torch.tensor([[0.0, 2.0], [5.0, 0.0], [0.0, 0.0]]), 1)
    assert_low_rank(judge, torch.tensor([[1.0, 2.0, 3.0], [2.0, 4.0, 6.0]]), 1)


@check(
    "low_rank_factors",
    "wide and tall matrices, any rank, the weight left as it is",
    hint=(
        "Keep the first `rank` columns of U, singular values and rows of V^T; they come in descending order."
    ),
)
def test_low_rank_factors_shapes(judge: Judge) -> None:
    for rows, columns, ranks in ((6, 9, (1, 3, 6)), (9, 5, (2, 5)), (4, 4, (3,)), (1, 7, (1,))):
        least = min(rows, columns)
        values = 2.0 ** -torch.arange(least).double() * (
            1 + 0.2 * torch.rand(least, generator=judge.generator)
        )
        weight = (orthogonal(judge, rows, least) * values) @ orthogonal(judge, columns, least).T
        for rank in ranks:
            assert_low_rank(judge, weight.float(), rank)


@check(
    "low_rank_factors",
    "refuses a rank that the matrix cannot have",
    points=0.5,
    hint="A (4, 6) matrix has at most rank 4.",
)
def test_low_rank_factors_range(judge: Judge) -> None:
    for shape in ((4, 6), (6, 4)):
        judge.run(call_low_rank_factors, weight=torch.ones(shape), rank=4)
        for rank in (0, 5, -1):
            judge.raises(
                call_low_rank_factors, ValueError, naming="rank", weight=torch.ones(shape), rank=rank
            )


# ---- merge_lora --------------------------------------------------------------------------------------------
# Wrong: a @ b for b @ a; alpha not divided by the rank, or by its root; the update subtracted, or instead
# of the weight; the weight changed in place; a rank that broadcasts where the two differ.


@scenario
def call_merge_lora(work, weight, a, b, alpha):
    return work.merge_lora(weight, a, b, alpha=alpha), weight, a, b


def assert_merged(judge: Judge, weight: Tensor, a: Tensor, b: Tensor, alpha: float) -> None:
    got, *after = ask(judge, call_merge_lora, 4, weight=weight, a=a, b=b, alpha=alpha)
    rank, update = len(a), b.double() @ a.double()
    what = f"merge_lora of a {tuple(weight.shape)} weight, rank {rank}, alpha {alpha:g}"
    merged = tensor(got, what=what, dtype=torch.float32, shape=weight.shape, finite=True)
    guess = told(
        {
            "alpha is divided by the rank": near(merged, weight + alpha * update),
            "alpha is missing": near(merged, weight + update) or near(merged, weight + update / rank),
            "alpha over the rank, not over its root": near(merged, weight + alpha / math.sqrt(rank) * update),
            "the update is added to the weight": near(merged, alpha / rank * update),
            "the update is added, not subtracted": near(merged, weight - alpha / rank * update),
        }
    )
    want = (weight + alpha / rank * update).float()
    assert_close(merged, want, what=f"{what}{guess}", rtol=1e-4, atol=1e-5)
    for name, value, before in zip(("weight", "a", "b"), after, (weight, a, b), strict=True):
        assert_unchanged(value, before, what=name)


@check(
    "merge_lora",
    "rank 1 and rank 2 by hand",
    public=True,
    hint="a is applied first and stands on the right: x @ a.T @ b.T is x @ (b @ a).T.",
)
def test_merge_lora_by_hand(judge: Judge) -> None:
    a, b = torch.tensor([[1.0, 2.0]]), torch.tensor([[1.0], [0.0]])
    assert_merged(judge, torch.eye(2), a, b, 0.5)
    a, b = torch.tensor([[1.0, 0.0], [0.0, 2.0]]), torch.tensor([[0.0, 1.0], [3.0, 0.0]])
    assert_merged(judge, torch.ones(2, 2), a, b, 4.0)


@check(
    "merge_lora",
    "any shape, rank and alpha, the arguments left as they are; two ranks are refused",
    points=0.5,
    hint=(
        "weight += ... changes what you were given. And [1, in] broadcasts silently: compare the ranks first."
    ),
)
def test_merge_lora_shapes(judge: Judge) -> None:
    for rows, columns, rank, alpha in ((6, 4, 2, 16.0), (3, 8, 4, 1.0), (5, 5, 8, 0.25), (1, 3, 1, 2.0)):
        weight, a, b = randn(judge, rows, columns), randn(judge, rank, columns), randn(judge, rows, rank)
        assert_merged(judge, weight, a, b, alpha)
    weight = randn(judge, 4, 4)
    for first, second in ((2, 4), (1, 2), (2, 1)):
        a, b = randn(judge, first, 4), randn(judge, 4, second)
        judge.raises(call_merge_lora, ValueError, naming="rank", weight=weight, a=a, b=b, alpha=2.0)


# ---- smooth_linear -----------------------------------------------------------------------------------------
# Wrong: the inverse scale; alpha and 1 - alpha exchanged; the maximum of a row; no abs; weights divided by
# the scale; NaN or infinity for dead channels; weights of dead channels lost; the mean for the maximum;
# default of 0.75.


@scenario
def call_smooth_linear(work, weight, activation_max, alpha=None):
    given = {} if alpha is None else {"alpha": alpha}
    return work.smooth_linear(weight, activation_max, **given), weight, activation_max


def assert_smooth(judge: Judge, weight: Tensor, peaks: Tensor, alpha: float | None = None) -> None:
    got, *after = ask(judge, call_smooth_linear, 3, weight=weight, activation_max=peaks, alpha=alpha)
    share = 0.5 if alpha is None else alpha
    what = f"smooth_linear of a {tuple(weight.shape)} weight, alpha {share:g}"
    smoothed, scales = sequence(got, what=what, length=2)
    scales = tensor(scales, what=f"scales of {what}", dtype=torch.float32, shape=peaks.shape, finite=True)
    heights, alive = weight.abs().amax(dim=0).double(), (peaks > 0) & (weight != 0).any(dim=0)
    want = torch.where(alive, peaks.double() ** share / heights ** (1 - share), 1.0)
    exchanged = peaks.double() ** (1 - share) / heights**share
    guess = told(
        {
            "that is 1 / scale": near(scales, 1 / want),
            "alpha belongs to the activations, 1 - alpha to the weights": near(
                scales[alive], exchanged[alive]
            ),
            "a channel of zeros has scale 1": near(scales[alive], want[alive]),
        }
    )
    assert_close(scales, want.float(), what=f"scales of {what}{guess}", rtol=1e-4, atol=0.0)
    smoothed = tensor(
        smoothed, what=f"weight of {what}", dtype=torch.float32, shape=weight.shape, finite=True
    )
    guess = told({"activations are divided, weights are multiplied": near(smoothed, weight / want)})
    assert_close(smoothed, (weight * want).float(), what=f"weight of {what}{guess}", rtol=1e-4, atol=1e-12)
    for name, value, before in zip(("weight", "activation_max"), after, (weight, peaks), strict=True):
        assert_unchanged(value, before, what=name)


@check(
    "smooth_linear",
    "two channels by hand",
    public=True,
    hint="A column of the weight is an input channel: the maximum of |w| runs over dim=0.",
)
def test_smooth_linear_by_hand(judge: Judge) -> None:
    weight, peaks = torch.tensor([[1.0, 0.5], [-4.0, 0.25]]), torch.tensor([16.0, 2.0])
    assert_smooth(judge, weight, peaks)
    assert_smooth(judge, weight, peaks, 0.75)


@check(
    "smooth_linear",
    "any shape and alpha, with outliers, the arguments left as they are",
    hint="At alpha = 1 the scale is max |x| alone, at alpha = 0 it is 1 / max |w|.",
)
def test_smooth_linear_shapes(judge: Judge) -> None:
    for rows, columns, alpha in ((6, 4, None), (3, 9, 0.25), (5, 5, 1.0), (1, 6, 0.0), (8, 2, 0.8)):
        peaks = torch.rand(columns, generator=judge.generator) + 0.1
        peaks[0] *= 60
        assert_smooth(judge, randn(judge, rows, columns), peaks, alpha)


@check(
    "smooth_linear",
    "dead channels; refuses alpha outside [0, 1]",
    points=0.5,
    hint="0 divided by 0, or by a small power of 0, is no scale: 1 where activations or weights are all 0.",
)
def test_smooth_linear_edges(judge: Judge) -> None:
    weight = torch.tensor([[1.0, 0.0, 2.0, 0.0], [-0.5, 0.0, 3.0, 0.0]])
    peaks = torch.tensor([2.0, 3.0, 0.0, 0.0])
    for alpha in (0.5, 1.0, 0.0):
        assert_smooth(judge, weight, peaks, alpha)
    for alpha in (-0.25, 1.5):
        judge.raises(
            call_smooth_linear, ValueError, naming="alpha", weight=weight, activation_max=peaks, alpha=alpha
        )


# ---- fold_input_batchnorm ----------------------------------------------------------------------------------
# Wrong: folded as if the batch norm came behind, on the rows; eps forgotten or outside the root; variance
# for deviation; the shift not multiplied by the weight; the linear layer's bias lost or required; gamma,
# beta or mean forgotten; the arguments changed, or shared; the batch's statistics instead of the running
# ones.


@scenario
def call_fold_input_batchnorm(work, state, x, bias, eps, training=False, tracked=True):
    bn = nn.BatchNorm1d(x.shape[1], eps=eps, track_running_stats=tracked).train(training)
    linear = nn.Linear(x.shape[1], state["weight"].shape[0], bias=bias)
    with torch.no_grad():
        linear.weight.copy_(state["weight"])
        bn.weight.copy_(state["gamma"])
        bn.bias.copy_(state["beta"])
        if tracked:
            bn.running_mean.copy_(state["mean"])
            bn.running_var.copy_(state["var"])
        if bias:
            linear.bias.copy_(state["bias"])
    folded = work.fold_input_batchnorm(bn, linear)
    kind = [type(folded).__name__, tuple(folded.weight.shape), folded.bias is not None]
    with torch.no_grad():
        out = folded(x).clone()
        for parameter in folded.parameters():
            parameter.zero_()
    left = {"weight": linear.weight, "gamma": bn.weight, "beta": bn.bias}
    if tracked:
        left |= {"mean": bn.running_mean, "var": bn.running_var}
    left = {name: value.detach() for name, value in left.items()}
    return out, kind, left, bn.training


def assert_folded(
    judge: Judge,
    rows: int,
    columns: int,
    *,
    bias: bool,
    eps: float = 1e-5,
    training: bool = False,
    plain: bool = False,
) -> None:
    size = torch.rand(columns, generator=judge.generator)
    state = {
        "weight": randn(judge, rows, columns),
        "bias": randn(judge, rows),
        "gamma": torch.tensor([2.0]).expand(columns).clone() if plain else randn(judge, columns) + 1,
        "beta": torch.zeros(columns) if plain else randn(judge, columns),
        "mean": torch.zeros(columns) if plain else randn(judge, columns),
        "var": size * 4 + 0.01,
    }
    x = randn(judge, 5, columns)
    out, kind, left, mode = ask(
        judge, call_fold_input_batchnorm, 4, state=state, x=x, bias=bias, eps=eps, training=training
    )
    what = f"fold_input_batchnorm into a ({rows}, {columns}) layer {'with' if bias else 'without'} bias"
    kind = sequence(kind, what=what, length=3)
    assert kind[0] == "Linear" and kind[2] is True, f"{what}: expected a Linear layer with bias"
    out = tensor(out, what=what, dtype=torch.float32, shape=(5, rows), finite=True)
    double = {name: value.double() for name, value in state.items()}
    offset = double["bias"] if bias else torch.zeros(rows).double()

    def answer(factor: Tensor, *, beta: Tensor = double["beta"], mean: Tensor = double["mean"]) -> Tensor:
        return ((x.double() - mean) * factor + beta) @ double["weight"].T + offset

    factor = double["gamma"] / (double["var"] + eps).sqrt()
    none = torch.zeros(columns).double()
    guess = told(
        {
            "eps is missing": eps > 1e-4 and near(out, answer(double["gamma"] / double["var"].sqrt())),
            "the root of the variance is missing": near(out, answer(double["gamma"] / (double["var"] + eps))),
            "gamma is missing": near(out, answer(1 / (double["var"] + eps).sqrt())),
            "the mean is missing": near(out, answer(factor, mean=none)),
            "beta is missing": near(out, answer(factor, beta=none)),
            "the bias of the linear layer is lost": bias and near(out, answer(factor) - offset),
            "beta and mean pass through the weight before they reach the output": not plain
            and near(out - out[:1], answer(factor) - answer(factor)[:1]),
        }
    )
    assert_close(out, answer(factor).float(), what=f"{what}{guess}", rtol=1e-3, atol=1e-4)
    assert isinstance(left, dict), f"{what}: the layers came back as {type(left).__name__}"
    for name in ("weight", "gamma", "beta", "mean", "var"):
        assert_unchanged(left.get(name), state[name], what=f"{name} of the layers")
    assert mode is training, f"{what}: the batch norm was switched to {'train' if mode else 'eval'} mode"


@check(
    "fold_input_batchnorm",
    "factors alone, then with means and shifts",
    public=True,
    hint=(
        "The batch norm scales the inputs, so its factor multiplies the columns of the weight, not its rows."
    ),
)
def test_fold_input_batchnorm_small(judge: Judge) -> None:
    assert_folded(judge, 2, 3, bias=True, plain=True)
    assert_folded(judge, 3, 3, bias=True)


@check(
    "fold_input_batchnorm",
    "with and without bias, any eps and shape, in either mode; the layers left as they are",
    hint=(
        "Without a bias there still is one afterwards: the shift of the batch norm, seen through the weight."
    ),
)
def test_fold_input_batchnorm_kinds(judge: Judge) -> None:
    for rows, columns, eps in ((4, 6, 1e-5), (7, 2, 0.5), (3, 3, 1e-3), (1, 5, 0.1)):
        for bias in (True, False):
            assert_folded(judge, rows, columns, bias=bias, eps=eps, training=bias)


@check(
    "fold_input_batchnorm",
    "refuses a batch norm without running statistics",
    points=0.5,
    hint="With track_running_stats=False running_mean is None, and there is nothing to fold.",
)
def test_fold_input_batchnorm_range(judge: Judge) -> None:
    state = {name: torch.ones(2) for name in ("bias", "gamma", "beta", "mean", "var")} | {
        "weight": torch.ones(2, 2)
    }
    inputs: dict[str, Any] = {"state": state, "x": torch.ones(3, 2), "bias": True, "eps": 1e-5}
    judge.raises(call_fold_input_batchnorm, ValueError, naming="bn", tracked=False, **inputs)


# ---- decode_step -------------------------------------------------------------------------------------------
# Wrong: no division by the root of d, or by d; the new token does not see itself; the new entry in front;
# softmax over the wrong dimension, or missing; exp without taking off the maximum; key and value exchanged;
# the cache not returned longer, or changed in place; nothing for an empty cache.


@scenario
def call_decode_step(work, query, key, value, keys, values):
    output, new_keys, new_values = work.decode_step(query, key, value, keys, values)
    return output, new_keys, new_values, keys, values


@scenario
def decode_many(work, queries, keys, values):
    old_keys, old_values, outputs = keys[:0], values[:0], []
    for query, key, value in zip(queries, keys, values, strict=True):
        output, old_keys, old_values = work.decode_step(query, key, value, old_keys, old_values)
        outputs.append(output)
    return torch.stack(outputs), old_keys, old_values


def attend(query: Tensor, keys: Tensor, values: Tensor, divisor: float) -> Tensor:
    return (keys.double() @ query.double() / divisor).softmax(dim=0) @ values.double()


def assert_step(judge: Judge, query: Tensor, keys: Tensor, values: Tensor) -> None:
    """The last row of keys and values is the new token's."""
    old = {"keys": keys[:-1], "values": values[:-1]}
    output, new_keys, new_values, *after = ask(
        judge, call_decode_step, 5, query=query, key=keys[-1], value=values[-1], **old
    )
    size = len(query)
    what = f"decode_step with {len(keys) - 1} tokens in the cache, d = {size}"
    output = tensor(output, what=what, dtype=torch.float32, shape=values.shape[1:])
    root = math.sqrt(size)
    guess = told(
        {
            "scores are divided by the root of d": near(output, attend(query, keys, values, 1.0)),
            "by the root of d, not by d": near(output, attend(query, keys, values, size)),
            "the new token sees itself, too": len(keys) > 1
            and near(output, attend(query, keys[:-1], values[:-1], root)),
            "exp overflowed: softmax takes the maximum off first": not bool(output.isfinite().all()),
            "softmax turns the scores into weights that sum to 1": near(
                output, keys.double() @ query.double() / root @ values.double()
            ),
            "values are averaged, not keys": near(output, attend(query, keys, keys, root))
            or near(output, attend(query, keys, torch.cat([values[:-1], keys[-1:]]), root)),
        }
    )
    want = attend(query, keys, values, root).float()
    assert_close(output, want, what=f"output of {what}{guess}", rtol=1e-4, atol=1e-5)
    for name, got, full, before in (
        ("keys", new_keys, keys, after[0]), ("values", new_values, values, after[1]),
    ):  # fmt: skip
        grown = tensor(got, what=f"{name} of {what}", dtype=torch.float32, shape=full.shape)
        guess = told({"the new token comes last": torch.equal(grown[:1], full[-1:]) and len(full) > 1})
        assert_equal(grown, full, what=f"{name} of {what}{guess}")
        assert_unchanged(before, full[:-1], what=name)


@check(
    "decode_step",
    "two tokens by hand",
    public=True,
    hint="First put the new key and value behind the others, then attend: a token sees itself.",
)
def test_decode_step_by_hand(judge: Judge) -> None:
    keys, values = torch.tensor([[1.0, 0.0], [0.0, 1.0]]), torch.tensor([[4.0, 0.0], [0.0, 8.0]])
    assert_step(judge, torch.tensor([2.0, 0.0]), keys, values)
    assert_step(judge, torch.tensor([0.0, 0.0]), keys, values)
    assert_step(judge, torch.tensor([1.0, -1.0, 3.0]), torch.ones(1, 3), torch.tensor([[5.0, 6.0, 7.0]]))


@check(
    "decode_step",
    "many tokens, large scores, the caches left as they are",
    hint="NaN? exp(1000) is infinite in float32: softmax takes the largest score off before exp.",
)
def test_decode_step_sizes(judge: Judge) -> None:
    for tokens, size in ((2, 4), (7, 16), (30, 5), (3, 1)):
        assert_step(judge, randn(judge, size), randn(judge, tokens, size), randn(judge, tokens, size))
    assert_step(
        judge, 300 * torch.ones(4), torch.ones(3, 4) * torch.tensor([[1.0], [2.0], [1.5]]), randn(judge, 3, 4)
    )


@check(
    "decode_step",
    "a whole sequence, token by token, gives what causal attention gives at once",
    hint="Right for one step and wrong for several? Return the longer caches.",
    points=0.5,
)
def test_decode_step_sequence(judge: Judge) -> None:
    queries, keys, values = (randn(judge, 9, 6) for _ in range(3))
    outputs, last_keys, last_values = ask(judge, decode_many, 3, queries=queries, keys=keys, values=values)
    scores = queries.double() @ keys.double().T / math.sqrt(6)
    scores = scores.masked_fill(torch.ones(9, 9, dtype=torch.bool).triu(1), -math.inf)
    outputs = tensor(outputs, what="outputs of nine steps", dtype=torch.float32, shape=(9, 6))
    want = (scores.softmax(dim=1) @ values.double()).float()
    assert_close(outputs, want, what="outputs of nine decode steps", rtol=1e-4, atol=1e-5)
    assert_equal(tensor(last_keys, what="keys of nine steps"), keys, what="keys of nine steps")
    assert_equal(tensor(last_values, what="values of nine steps"), values, what="values of nine steps")


# ---- verify_draft ------------------------------------------------------------------------------------------
# Wrong: the ratio upside down; accepted only where the large model agrees best; goes on after a rejection
# and counts all accepted; the next token from p instead of the rest; the rest not clamped, or not
# normalised; |p - q|; the row of the wrong place; q's last row; refuses on equality; the count as a tensor.


@scenario
def call_verify_draft(work, target, draft, tokens, uniforms):
    count, rest = work.verify_draft(target, draft, tokens, uniforms)
    return count, rest, target, draft


def assert_verified(judge: Judge, target: Tensor, draft: Tensor, tokens: Tensor, uniforms: Tensor) -> None:
    inputs = {"target": target, "draft": draft, "tokens": tokens, "uniforms": uniforms}
    count, rest, *after = ask(judge, call_verify_draft, 4, **inputs)
    places = range(len(tokens))
    p, q = (
        torch.tensor([float(table[at, tokens[at]]) for at in places]).double() for table in (target, draft)
    )
    accepted = uniforms.double() * q <= p
    want = int(accepted.int().cumprod(dim=0).sum())
    ratios = [round(float(a / b), 4) for a, b in zip(p, q, strict=True)]
    what = f"verify_draft of {len(tokens)} tokens with p / q = {ratios}, uniforms {shown(uniforms)}"
    count = integer(count, what=what)
    inverse = uniforms.double() * p <= q
    guess = told(
        {
            "the first rejection ends the draft": count == int(accepted.sum()),
            "accept if u <= p / q, not q / p": count == int(inverse.int().cumprod(dim=0).sum()),
            "where p is below q a token may still be accepted": count
            == int((q <= p).int().cumprod(dim=0).sum()),
            "u is compared with p / q, not with p": count == int((uniforms <= p).int().cumprod(dim=0).sum()),
        }
    )
    assert count == want, f"{what}: expected {want} accepted, got {count}{guess}"
    rest = tensor(rest, what=f"distribution of {what}", dtype=torch.float32, shape=target.shape[1:])
    left = target[want].double() - (draft[want].double() if want < len(tokens) else 0.0)
    clamped = left.clamp(min=0)
    right = clamped / clamped.sum()
    guess = told(
        {
            "after a rejection it is max(p - q, 0), not p": want < len(tokens) and near(rest, target[want]),
            "it has to sum to 1": near(rest, clamped),
            "negative differences count as 0": bool((rest < 0).any())
            or near(rest, left.abs() / left.abs().sum()),
            "that is the row of another place": any(near(rest, row) for row in target),
            "nothing was left to divide by: which place was rejected?": bool(rest.isnan().any()),
        }
    )
    assert_close(rest, right.float(), what=f"distribution of {what}{guess}", rtol=1e-4, atol=1e-6)
    for name, value, before in zip(("target", "draft"), after, (target, draft), strict=True):
        assert_unchanged(value, before, what=name)


@check(
    "verify_draft",
    "two tokens by hand: none, one or both accepted",
    public=True,
    hint="A draft token that p likes less than q is kept with probability p / q: compare u with that.",
)
def test_verify_draft_by_hand(judge: Judge) -> None:
    target = torch.tensor([[0.25, 0.5, 0.25], [0.5, 0.25, 0.25], [0.125, 0.125, 0.75]])
    draft = torch.tensor([[0.5, 0.25, 0.25], [0.25, 0.25, 0.5]])
    tokens = torch.tensor([0, 2])
    for uniforms in ([0.75, 0.0], [0.25, 0.75], [0.25, 0.25], [0.5, 0.5], [0.75, 0.75]):
        assert_verified(judge, target, draft, tokens, torch.tensor(uniforms))


@check(
    "verify_draft",
    "drafts of any length, large vocabularies, tokens that p cannot produce, an empty draft",
    hint="After a rejection at place i the next token comes from max(p_i - q_i, 0) over its sum.",
)
def test_verify_draft_random(judge: Judge) -> None:
    for length, vocabulary in ((1, 2), (4, 5), (6, 40), (3, 8)):
        for sharpness in (0.3, 1.0, 2.0):
            target = (randn(judge, length + 1, vocabulary) * sharpness).softmax(dim=1)
            draft = (randn(judge, length, vocabulary) * sharpness).softmax(dim=1)
            tokens = torch.multinomial(draft, 1, generator=judge.generator).flatten()
            uniforms = torch.rand(length, generator=judge.generator)
            edge = (uniforms * draft[range(length), tokens] - target[range(length), tokens]).abs() < 1e-3
            assert_verified(judge, target, draft, tokens, torch.where(edge, 0.0, uniforms))
    target, draft = torch.tensor([[0.0, 1.0], [0.5, 0.5]]), torch.tensor([[0.5, 0.5]])
    assert_verified(judge, target, draft, torch.tensor([0]), torch.tensor([0.25]))
    assert_verified(judge, target, target[:1], torch.tensor([1]), torch.tensor([0.99]))
    empty = torch.zeros(0)
    assert_verified(judge, target[:1], torch.zeros(0, 2), empty.long(), empty)
