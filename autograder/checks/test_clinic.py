"""The judgement of the clinic: repaired functions, and tests that would have caught the fault.

What a contract leaves open is not judged: how ties break, what happens outside the stated ranges, whether a
result shares memory with nothing or with an intermediate. A worker's answer is unpacked by `ask`, `sequence`
and `tensor` alone: a forged one is a bad return.
"""

# mypy: allow-untyped-defs, no-check-untyped-defs
# Scenarios travel as source text into a worker that has no typing names.

import ast
import itertools
import math
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from autograder.task import (
    Judge,
    Scenario,
    assert_close,
    assert_equal,
    check,
    mapping,
    real,
    scenario,
    sequence,
    tensor,
)

EXPLAINED_IN = {  # task -> section of a lesson
    "prune_smallest": "pruning#3 By hand",
    "train_pruned_": "pruning#4 Build",
    "pruned_layer": "pruning#4 Build",
    "quantize_signed": "quantization#3 By hand",
    "codes_and_back": "quantization#3 By hand",
    "stretch_to_int8": "quantization#3 By hand",
    "soft_loss": "distillation#3 By hand",
    "tempered_loss": "distillation#3 By hand",
    "mixed_loss": "distillation#4 Build",
    "teach_step_": "distillation#4 Build",
    "sparse_copy": "pruning#4 Build",
    "next_generation": "measuring#5 Experiment",
    "small_cnn": "measuring#3 By hand",
    "search_architecture": "measuring#5 Experiment",
    "round_weights_": "quantization#4 Build",
    "stored_ratio": "weight_sharing#3 By hand",
    "fuse_models": "measuring#4 Build",
    "test_for_prune_smallest": "pruning#3 By hand",
    "test_for_quantize_signed": "quantization#3 By hand",
    "test_for_tempered_loss": "distillation#3 By hand",
    "test_for_sparse_copy": "pruning#4 Build",
    "test_for_round_weights_": "quantization#4 Build",
    "test_for_stored_ratio": "weight_sharing#3 By hand",
}


def ask(judge: Judge, scenario: Scenario, count: int = 2, **inputs: Any) -> list[Any]:
    """The `count` values that a scenario returns, taken apart."""
    return sequence(judge.run(scenario, **inputs), what="what came back from the worker", length=count)


def assert_unchanged(got: object, before: Tensor, *, what: str) -> None:
    after = tensor(got, what=what, dtype=before.dtype, shape=before.shape)
    assert torch.equal(after, before), f"the argument {what} was changed; work on a copy"


def shown(values: Tensor) -> str:
    """A small tensor as a learner writes it: '[0.5, -1, 2]'."""
    if values.dim() > 1:
        return "[" + ", ".join(shown(row) for row in values) + "]"
    return "[" + ", ".join(f"{value:g}" for value in values.tolist()) + "]"


# ---- prune_smallest ----------------------------------------------------------------------------------------
# Wrong: the first instead of the largest (F1); no abs; inverted; sparsity as what stays; int for round; a
# threshold that takes all ties; per row; the mask instead of the weights; the argument changed.


@scenario
def call_prune_smallest(work, weight, sparsity, transposed=False):
    weight = weight.transpose(0, -1) if transposed else weight
    return work.prune_smallest(weight, sparsity), weight


def assert_smallest_are_zero(got: object, weight: Tensor, sparsity: float) -> None:
    """round(sparsity * n) zeros at the smallest magnitudes, the other weights as given; none is 0 before."""
    count = weight.numel()
    case = f"prune_smallest of {count} weights at sparsity {sparsity:g}"
    if count <= 6:
        case = f"prune_smallest of {shown(weight)} at sparsity {sparsity:g}"
    pruned = tensor(got, what=case, dtype=torch.float32, shape=weight.shape)
    gone = pruned == 0
    moved = ~gone & (pruned != weight)
    assert not bool(moved.any()), (
        f"{case}: {weight[moved][0]:.4g} came back as {pruned[moved][0]:.4g}; what stays keeps its value"
    )
    expected = round(sparsity * count)
    together = (
        int((weight.abs() <= weight.abs().flatten().sort().values[expected - 1]).sum()) if expected else 0
    )
    guesses = {  # where two fit, the last counts
        count - expected: "; sparsity is the part that goes",
        together: "; weights of equal magnitude went together",
        int(sparsity * count): "; int cuts off, the rule rounds",
    }
    guess = guesses.get(int(gone.sum()), "")
    assert int(gone.sum()) == expected, (
        f"{case} gave {int(gone.sum())} zeros, expected round({sparsity * count:g}) = {expected}{guess}"
    )
    magnitudes = weight.abs()
    if 0 < expected < count and magnitudes[gone].max() > magnitudes[~gone].min():
        guess = ""
        if magnitudes[gone].min() >= magnitudes[~gone].max():
            guess = "; it prunes the largest"
        elif weight[gone].max() <= weight[~gone].min():
            guess = "; it ranks weights with their sign, the magnitude decides"
        elif bool(gone.flatten()[count - expected :].all()):
            guess = "; it keeps the first ones, whatever their value"
        raise AssertionError(
            f"{case} lost a weight of magnitude {magnitudes[gone].max():.4g} but kept one of "
            f"{magnitudes[~gone].min():.4g}{guess}"
        )


@check(
    "prune_smallest",
    "six weights by hand",
    public=True,
    hint="The right number of zeros at the wrong places? Rank by weight.abs(), not by position.",
)
def test_prune_smallest_six_weights(judge: Judge) -> None:
    weight = torch.tensor([[0.1, -0.9, 0.3], [-0.4, 0.05, 0.7]])
    pruned, _ = ask(judge, call_prune_smallest, weight=weight, sparsity=0.5)
    assert_smallest_are_zero(pruned, weight, 0.5)


@check(
    "prune_smallest",
    "exactly round(sparsity * n) zeros, also among equal magnitudes and at sparsity 0 and 1",
    hint="Too many gone among equal weights? A threshold cannot cut through a tie; choose positions.",
)
def test_prune_smallest_count(judge: Judge) -> None:
    few = torch.tensor([0.5, -2.0, 1.0])
    same = torch.tensor([0.5, -0.5, 0.5, -0.5, 2.0])
    cases = [(few, 0.0), (few, 1.0), (few, 0.5), (same, 0.2), (same, 0.5), (torch.ones(7), 0.5)]
    cases += [(torch.arange(1.0, 101.0), 0.29), (torch.arange(1.0, 11.0), 0.95), (torch.zeros(0), 0.5)]
    for weight, sparsity in cases:
        pruned, _ = ask(judge, call_prune_smallest, weight=weight, sparsity=sparsity)
        assert_smallest_are_zero(pruned, weight, sparsity)


@check(
    "prune_smallest",
    "one to four dimensions, any memory layout and scale, the weight left as it is",
    hint="'view size is not compatible'? A transposed weight needs flatten() or reshape().",
)
def test_prune_smallest_shapes(judge: Judge) -> None:
    shapes = [(6,), (4, 5), (3, 4, 5), (2, 3, 4, 5), (31, 17)]
    for shape, scale in zip(shapes, [1.0, 1e-25, 1.0, 1e12, 1e-3], strict=True):
        weight = torch.randn(shape, generator=judge.generator) * scale
        for transposed in (False, True):
            seen = weight.transpose(0, -1) if transposed else weight
            pruned, after = ask(
                judge, call_prune_smallest, weight=weight, sparsity=0.3, transposed=transposed
            )
            assert_smallest_are_zero(pruned, seen, 0.3)
            assert_unchanged(after, seen, what="weight")


# ---- train_pruned_ -----------------------------------------------------------------------------------------
# Wrong: a new Parameter, pruned once (F2); pruned once in place; a plain tensor assigned; the optimizer left
# with the old Parameter; a new one at each step, or kept at zero; pruned at the end, or before each step
# alone; masked gradients of a dense layer; gradients added up; True for what goes.


@scenario
def call_train_pruned(work, weight, bias, mask, inputs, labels, lr):
    out, size = weight.shape
    layer = nn.Linear(size, out)
    layer.weight.data, layer.bias.data = weight.clone(), bias.clone()
    layer.weight.grad = torch.ones_like(weight)  # of an earlier training
    held = layer.weight, layer.bias
    zeros = []

    def watched():
        for x, y in zip(inputs, labels, strict=True):
            zeros.append(layer.weight.detach()[~mask] == 0)  # before the step that this batch is for
            yield x, y

    work.train_pruned_(layer, mask, watched(), lr=lr)
    same = layer.weight is held[0] and layer.bias is held[1]
    before = torch.stack(zeros) if zeros else torch.zeros(0, 0)
    return layer.weight.detach(), layer.bias.detach(), same, before.bool(), held[0].detach()


def trained_by_hand(
    weight: Tensor,
    bias: Tensor,
    mask: Tensor,
    inputs: Tensor,
    labels: Tensor,
    lr: float,
    *,
    old: float | None = None,
) -> tuple[Tensor, Tensor]:
    """What the contract of train_pruned_ says, with the gradients of the cross-entropy written out.

    `old` is the gradient that was there before, in case that gradients are never cleared.
    """
    weight, bias, moved = weight.double() * mask, bias.double(), [torch.zeros(()), torch.zeros(())]
    grads = [torch.full((), old or 0.0), torch.zeros(())]
    for x, y in zip(inputs.double(), labels, strict=True):
        errors = (x @ weight.T + bias).softmax(dim=1) - F.one_hot(y, len(bias))  # (N, out)
        new = [errors.T @ x / len(x), errors.mean(dim=0)]
        grads = new if old is None else [grad + more for grad, more in zip(grads, new, strict=True)]
        moved = [0.9 * old + grad for old, grad in zip(moved, grads, strict=True)]
        weight, bias = (weight - lr * moved[0]) * mask, bias - lr * moved[1]
    return weight.float(), bias.float()


def judge_train_pruned(judge: Judge, out: int, size: int, batches: int, keep: float) -> None:
    make = judge.generator
    weight, bias = torch.randn(out, size, generator=make), torch.randn(out, generator=make)
    mask = torch.rand(out, size, generator=make) < keep
    inputs = torch.randn(batches, 8, size, generator=make)
    labels = torch.randint(0, out, (batches, 8), generator=make)
    given: dict[str, Any] = {"weight": weight, "bias": bias, "mask": mask}
    given |= {"inputs": inputs, "labels": labels, "lr": 0.25}
    got, got_bias, same, before, held = ask(judge, call_train_pruned, 5, **given)
    case = f"train_pruned_ of a layer {size} -> {out} with {int((~mask).sum())} pruned weights"
    case = f"{case} and {batches} batch{'es' if batches != 1 else ''}"
    got = tensor(got, what=f"{case}: the weight", dtype=torch.float32, shape=weight.shape, finite=True)
    got_bias = tensor(got_bias, what=f"{case}: the bias", dtype=torch.float32, shape=bias.shape, finite=True)
    grown = ~mask & (got != 0)
    late = tensor(before, what=f"{case}: the zeros before each step", dtype=torch.bool)
    assert not bool(grown.any()), (
        f"{case}: {int(grown.sum())} of the pruned weights are no longer zero behind the last step"
    )
    assert bool(late.all()), f"{case}: some pruned weights were not zero when a later batch was taken"
    want, want_bias = trained_by_hand(**given)
    old = tensor(held, what=f"{case}: the old weight", dtype=torch.float32, shape=weight.shape)
    if batches and not torch.allclose(want, old, atol=1e-4) and torch.allclose(want, got, atol=1e-4):
        raise AssertionError(
            f"{case}: the layer has another Parameter than before; who holds the old one, such as an "
            "optimizer or a tied layer, never sees what was learnt"
        )
    kept = bool((got[mask] == weight[mask]).all())
    assert not (batches and kept and bool(mask.any())), f"{case}: the weights that stay did not move at all"
    summed, _ = trained_by_hand(**given, old=1.0)
    adds_up = torch.allclose(got, summed, atol=1e-4) and not torch.allclose(want, summed, atol=1e-4)
    assert not adds_up, f"{case}: gradients add up; clear them before each backward pass"
    for name, values, right in (("weight", got, want), ("bias", got_bias, want_bias)):
        assert_close(values, right, what=f"{case}: {name}", rtol=1e-3, atol=1e-4)
    assert same is True, f"{case}: weight and bias have to stay the Parameter objects that the layer had"


@check(
    "train_pruned_",
    "one layer, one step",
    public=True,
    hint="TypeError, or weights that grow back? Change values in place, behind each step too.",
)
def test_train_pruned_one_step(judge: Judge) -> None:
    judge_train_pruned(judge, out=3, size=4, batches=1, keep=0.5)


@check(
    "train_pruned_",
    "several steps with momentum; the Parameter objects stay",
    points=1.5,
    hint="Zeros right, values wrong? Prune before the first step too, and clear the gradients in each.",
)
def test_train_pruned_several_steps(judge: Judge) -> None:
    for out, size, batches in ((2, 3, 2), (4, 6, 5)):
        judge_train_pruned(judge, out=out, size=size, batches=batches, keep=0.4)


@check(
    "train_pruned_",
    "no batch, nothing pruned, everything pruned",
    points=0.5,
    hint="The layer is pruned before the first batch, so also if none comes.",
)
def test_train_pruned_edges(judge: Judge) -> None:
    judge_train_pruned(judge, out=3, size=4, batches=0, keep=0.5)
    judge_train_pruned(judge, out=3, size=4, batches=2, keep=1.0)
    judge_train_pruned(judge, out=3, size=4, batches=2, keep=0.0)


# ---- pruned_layer ------------------------------------------------------------------------------------------
# Wrong: a boolean index, which flattens (F3); what stays packed to the front; rows dropped; no abs; >= for >;
# inverted; the layer itself pruned; the bias shared, forgotten, pruned, or added.


@scenario
def call_pruned_layer(work, weight, bias, threshold, inputs):
    out, size = weight.shape
    layer = nn.Linear(size, out, bias=bias is not None)
    layer.weight.data = weight.clone()
    if bias is not None:
        layer.bias.data = bias.clone()
    pruned = work.pruned_layer(layer, threshold)
    is_linear = isinstance(pruned, nn.Linear)
    is_layer = pruned is layer
    try:
        outputs = pruned(inputs).detach()
    except RuntimeError as error:
        outputs = str(error)
    weights = pruned.weight.detach().clone()
    shift = None if pruned.bias is None else pruned.bias.detach().clone()
    with torch.no_grad():  # what is shared with the layer changes there too
        for value in pruned.parameters():
            value.add_(1.0)
    after = layer.weight.detach(), None if layer.bias is None else layer.bias.detach()
    return is_linear, is_layer, weights, shift, outputs, *after


def judge_pruned_layer(
    judge: Judge, weight: Tensor, bias: Tensor | None, threshold: float, inputs: Tensor
) -> None:
    case = f"pruned_layer of a {tuple(weight.shape)} weight at threshold {threshold:g}"
    if weight.numel() <= 6:
        case = f"pruned_layer of {shown(weight)} at threshold {threshold:g}"
    given = {"weight": weight, "bias": bias, "threshold": threshold, "inputs": inputs}
    is_linear, is_layer, got, shift, outputs, *after = ask(judge, call_pruned_layer, 7, **given)
    assert is_linear is True, f"{case} is no nn.Linear"
    assert is_layer is False, f"{case} is the layer given; return a new one, and leave that as it is"
    got = tensor(got, what=f"{case}: its weight", dtype=torch.float32)
    flat = "; indexing with a mask flattens, filling with zeros does not" if got.dim() == 1 else ""
    assert got.shape == weight.shape, (
        f"{case} has a weight of shape {tuple(got.shape)}, expected {tuple(weight.shape)}: the layer no "
        f"longer takes its inputs or gives all its outputs{flat}"
    )
    want = torch.where(weight.abs() > threshold, weight, 0.0)
    mistakes = {
        "it keeps a weight on the threshold; the magnitude has to exceed it": weight.abs() >= threshold,
        "it prunes large negative weights; the magnitude decides": weight > threshold,
        "it prunes what should stay": weight.abs() <= threshold,
    }
    for sentence, keep in mistakes.items():
        wrong = weight * keep
        assert torch.equal(wrong, want) or not torch.equal(got, wrong), f"{case}: {sentence}"
    assert_equal(got, want, what=f"{case}: its weight")
    if bias is None:
        assert shift is None, f"{case} without a bias has got one"
    else:
        shift = tensor(shift, what=f"{case}: its bias", dtype=torch.float32, shape=bias.shape)
        assert_equal(shift, bias, what=f"{case}: its bias, which is not pruned")
        old = tensor(after[1], what="the bias of the layer given", shape=bias.shape)
        assert torch.equal(old, bias), f"{case} shares its bias with the layer given; copy it"
    assert not isinstance(outputs, str), f"{case} does not take its inputs: {outputs[:200]}"
    right = F.linear(inputs, want, bias)
    assert_close(tensor(outputs, what=f"{case}: outputs"), right, what=f"{case}: outputs", atol=1e-5)
    old = tensor(after[0], what="the weight of the layer given", shape=weight.shape)
    assert torch.equal(old, weight), f"{case} changed the layer given, or shares its memory; work on a copy"


@check(
    "pruned_layer",
    "four weights by hand",
    public=True,
    hint="A weight of one dimension? weight[mask] gives the kept values in a row. Fill with zeros instead.",
)
def test_pruned_layer_four_weights(judge: Judge) -> None:
    weight, bias = torch.tensor([[0.5, -0.125], [0.25, -0.75]]), torch.tensor([0.125, -2.0])
    judge_pruned_layer(judge, weight, bias, 0.25, torch.tensor([[1.0, 2.0]]))


@check(
    "pruned_layer",
    "any size, with and without a bias; the layer given is left alone",
    hint="The copy needs a weight and a bias of its own: copy.deepcopy, or clone.",
)
def test_pruned_layer_sizes(judge: Judge) -> None:
    for out, size, threshold in ((5, 3, 0.5), (1, 6, 0.625), (4, 1, 0.0), (7, 9, 9.0)):
        weight = torch.randn(out, size, generator=judge.generator)
        bias = torch.randn(out, generator=judge.generator)
        inputs = torch.randn(2, size, generator=judge.generator)
        judge_pruned_layer(judge, weight, bias, threshold, inputs)
        judge_pruned_layer(judge, weight, None, threshold, inputs)


# ---- quantize_signed ---------------------------------------------------------------------------------------
# Wrong: 2^bits - 1 levels and an unsigned cast (F4), or a signed one; 2^(bits-1); codes moved up; the largest
# without its sign; cut off; bits ignored; the inverse scale; zero over zero.


@scenario
def call_quantize_signed(work, weight, bits, transposed=False):
    weight = weight.transpose(0, -1) if transposed else weight
    got = work.quantize_signed(weight, bits=bits) if bits else work.quantize_signed(weight)
    return got, weight


def judge_quantize_signed(judge: Judge, weight: Tensor, bits: int = 0, *, transposed: bool = False) -> None:
    """With 8 bits if `bits` is 0, which is then left to the default."""
    seen = weight.transpose(0, -1) if transposed else weight
    case = f"quantize_signed of {shown(seen) if weight.numel() <= 6 else f'{weight.numel()} weights'}"
    case = f"{case} with {bits} bits" if bits else case
    got, after = ask(judge, call_quantize_signed, weight=weight, bits=bits, transposed=transposed)
    bits = bits or 8
    codes, scale = sequence(got, what=case, length=2)
    scale = real(scale, what=f"{case}: the scale")
    limit = 2 ** (bits - 1) - 1
    largest = float(weight.abs().max())
    want = largest / limit or 1.0
    kind = tensor(codes, what=f"{case}: the codes", shape=seen.shape).dtype
    negative = seen < -want / 2
    if kind != torch.int8 and bool((codes[negative].double() >= 0).any()):
        at = tuple(int(index) for index in negative.nonzero()[0])
        raise AssertionError(
            f"{case}: {seen[at]:.4g} got the code {codes[at].item()} of {kind}; a weight below zero needs a "
            "signed code"
        )
    codes = tensor(codes, what=f"{case}: the codes", dtype=torch.int8, shape=seen.shape)
    assert math.isclose(scale, want, rel_tol=1e-5), (
        f"{case}: expected the scale {largest:.4g} / {limit} = {want:.4g}, got {scale:.4g}"
        + ("" if largest else "; with all weights zero it is 1")
    )
    outside = int((codes.int().abs() > limit).sum())
    assert not outside, f"{case}: {outside} codes lie outside [{-limit}, {limit}]"
    far = (scale * codes.double() - seen.double()).abs() > scale * 0.5001
    if bool(far.any()):
        at = tuple(int(index) for index in far.nonzero()[0])
        raise AssertionError(
            f"{case}: {seen[at]:.4g} got the code {codes[at].item()}, which stands for "
            f"{scale * codes[at].item():.4g}; expected {round(seen[at].item() / scale)}"
        )
    assert_unchanged(after, seen, what="weight")


@check(
    "quantize_signed",
    "four weights by hand",
    public=True,
    hint="Negative weights came back large and positive? Half of the codes are for them: +-(2^(bits-1) - 1).",
)
def test_quantize_signed_four_weights(judge: Judge) -> None:
    judge_quantize_signed(judge, torch.tensor([0.7, -0.3, 0.1, -0.62]), 4)
    judge_quantize_signed(judge, torch.tensor([0.5, -2.0, 1.0, -0.125]))


@check(
    "quantize_signed",
    "2 to 8 bits, any shape, layout and scale",
    hint="Right for 8 bits alone? The number of levels hangs on bits.",
)
def test_quantize_signed_bits(judge: Judge) -> None:
    shapes = [(6,), (4, 5), (3, 4, 5), (2, 3, 4, 5), (31, 17), (1,), (50,)]
    for bits, shape in zip(range(2, 9), shapes, strict=True):
        for sign, size in ((1.0, 1e-3), (-1.0, 50.0)):
            weight = torch.randn(shape, generator=judge.generator)
            weight.view(-1)[0] = 4.5 * sign  # the largest magnitude, once above and once below zero
            judge_quantize_signed(judge, weight * size, bits, transposed=sign > 0)


@check(
    "quantize_signed",
    "all weights zero, all negative",
    points=0.5,
    hint="A largest magnitude of zero would make the scale zero: take 1.",
)
def test_quantize_signed_edges(judge: Judge) -> None:
    judge_quantize_signed(judge, torch.zeros(3))
    judge_quantize_signed(judge, torch.tensor([-0.5, -1.5, -3.0]), 3)


# ---- codes_and_back ----------------------------------------------------------------------------------------
# Wrong: clipped before scaling, and no way back (F5), or with one; clipped before the zero point is added;
# not clipped; the zero point forgotten or subtracted in uint8 on the way back; added before scaling; cut
# off; restored from the weights; signed codes.


@scenario
def call_codes_and_back(work, weight, scale, zero_point, transposed=False):
    weight = weight.transpose(0, -1) if transposed else weight
    got = work.codes_and_back(weight, scale, zero_point)
    return got, weight


def judge_codes_and_back(
    judge: Judge, weight: Tensor, scale: float, zero_point: int, *, transposed: bool = False
) -> None:
    seen = weight.transpose(0, -1) if transposed else weight
    case = f"codes_and_back with scale {scale:g} and zero point {zero_point}"
    if weight.numel() <= 6:
        case = f"codes_and_back of {shown(seen)} with scale {scale:g} and zero point {zero_point}"
    given: dict[str, Any] = {"weight": weight, "scale": scale, "zero_point": zero_point}
    got, after = ask(judge, call_codes_and_back, **given, transposed=transposed)
    assert not isinstance(got, Tensor), f"{case} gave codes alone; expected a pair, (codes, restored)"
    codes, restored = sequence(got, what=case, length=2)
    codes = tensor(codes, what=f"{case}: the codes", dtype=torch.uint8, shape=seen.shape)
    restored = tensor(restored, what=f"{case}: restored", dtype=torch.float32, shape=seen.shape, finite=True)
    want = ((seen.double() / scale).round() + zero_point).clamp(0, 255)
    if not torch.equal(codes.double(), want):
        below = (seen < 0) & (want < zero_point)
        if bool(below.any()) and bool((codes[below] == zero_point).all()):
            raise AssertionError(
                f"{case}: all weights below zero got the code of 0.0; clip codes, not weights"
            )
        assert_equal(codes.double(), want, what=f"{case}: the codes")
    expected = (scale * (want - zero_point)).float()
    assert_close(restored, expected, what=f"{case}: restored", rtol=1e-5, atol=1e-5 * scale)
    assert_unchanged(after, seen, what="weight")


@check(
    "codes_and_back",
    "five weights by hand",
    public=True,
    hint="No restored weight is negative? Divide first, add the zero point, and clip only then.",
)
def test_codes_and_back_five_weights(judge: Judge) -> None:
    judge_codes_and_back(judge, torch.tensor([-0.5, 0.0, 0.8, -0.3, 0.1]), 0.25, 2)


@check(
    "codes_and_back",
    "codes from 0 to 255, weights beyond them, any shape and layout",
    hint="Codes below the zero point stand for negative weights; uint8 knows none, so subtract in float.",
)
def test_codes_and_back_range(judge: Judge) -> None:
    cases = [
        ((6,), 0.5, 128),
        ((4, 5), 0.01, 3),
        ((3, 4, 5), 2.0, 255),
        ((2, 3, 4, 5), 0.25, 0),
        ((40, 9), 1e-3, 77),
    ]
    for shape, scale, zero_point in cases:
        steps = torch.randint(-60 - zero_point, 316 - zero_point, shape, generator=judge.generator)
        off = torch.rand(shape, generator=judge.generator) * 0.9 - 0.45  # never half a step
        weight = ((steps + off) * scale).float()
        for transposed in (False, True):
            judge_codes_and_back(judge, weight, scale, zero_point, transposed=transposed)


# ---- stretch_to_int8 ---------------------------------------------------------------------------------------
# Wrong: cast or rounded without scaling (F6); wrapped around; half of the codes; cut off; a symmetric range;
# 256 steps; zero over zero; the range of each row.


@scenario
def call_stretch_to_int8(work, weight, transposed=False):
    weight = weight.transpose(0, -1) if transposed else weight
    got = work.stretch_to_int8(weight)
    return got, weight


def judge_stretch_to_int8(judge: Judge, weight: Tensor, *, transposed: bool = False) -> None:
    seen = weight.transpose(0, -1) if transposed else weight
    case = (
        f"stretch_to_int8 of {shown(seen)}"
        if weight.numel() <= 6
        else f"stretch_to_int8 of {weight.numel()} weights"
    )
    got, after = ask(judge, call_stretch_to_int8, weight=weight, transposed=transposed)
    codes, low, high = sequence(got, what=case, length=3)
    codes = tensor(codes, what=f"{case}: the codes", dtype=torch.int8, shape=seen.shape)
    low, high = real(low, what=f"{case}: low"), real(high, what=f"{case}: high")
    for name, value, right in (("low", low, float(seen.min())), ("high", high, float(seen.max()))):
        assert math.isclose(value, right, rel_tol=1e-6), (
            f"{case}: {name} is {value:.6g}, expected {right:.6g}"
        )
    levels = len(codes.unique())
    if levels <= 2 < len(seen.unique()):
        raise AssertionError(
            f"{case}: only {levels} different codes, {int(codes.min())} and {int(codes.max())}; numbers "
            "between 0 and 1 have to be scaled to all 256 before they are cast"
        )
    step = (high - low) / 255
    if step == 0:
        assert bool((codes == -128).all()), f"{case}: all weights are equal, expected the code -128 for each"
    else:
        exact = (seen.double() - low) / step - 128
        far = (codes.double() - exact).abs() > 0.501
        if bool(far.any()):
            at = tuple(int(index) for index in far.nonzero()[0])
            raise AssertionError(
                f"{case}: {seen[at]:.4g} got the code {codes[at].item()}, expected {round(exact[at].item())} "
                f"({int(far.sum())} of {codes.numel()} codes are wrong)"
            )
    assert_unchanged(after, seen, what="weight")


@check(
    "stretch_to_int8",
    "four weights by hand",
    public=True,
    hint="Codes 0 and 1 alone? A cast cuts off: bring the numbers to 0 .. 255, round, and subtract 128.",
)
def test_stretch_to_int8_four_weights(judge: Judge) -> None:
    judge_stretch_to_int8(judge, torch.tensor([-1.0, 0.0, 1.0, 4.0]))


@check(
    "stretch_to_int8",
    "any shape, layout and range, equal weights",
    hint="The smallest weight has the code -128, the largest 127, whatever their signs.",
)
def test_stretch_to_int8_ranges(judge: Judge) -> None:
    shapes = [(6,), (4, 5), (3, 4, 5), (2, 3, 4, 5), (31, 17)]
    ranges = [(0.0, 1.0), (-5.0, -3.0), (0.5, 700.0), (-1e-3, 2e-4), (-1.0, 1.0)]
    for shape, (low, high) in zip(shapes, ranges, strict=True):
        weight = low + (high - low) * torch.rand(shape, generator=judge.generator)
        for transposed in (False, True):
            judge_stretch_to_int8(judge, weight, transposed=transposed)
    for equal in (torch.zeros(3), torch.full((2, 2), -0.75), torch.tensor([2.5])):
        judge_stretch_to_int8(judge, equal)


# ---- the three losses --------------------------------------------------------------------------------------
# soft_loss, wrong: probabilities for log-probabilities, arguments exchanged (F7); two logarithms; raw logits;
# mean over classes; sum over the batch; the wrong dimension; the entropy left in; a teacher that learns; the
# logarithm of a softmax.
# tempered_loss, wrong: the temperature on probabilities, no square (F8); no square, no power, the inverse;
# student or teacher unsoftened; log-probabilities divided; a teacher that learns; exchanged.
# mixed_loss, wrong: the teacher against the labels (F9); the student detached; alpha exchanged or on one term
# alone; the teacher's verdict as label; probabilities for logits; squared logits; a teacher that learns.


@scenario
def call_soft_loss(work, student, teacher):
    student.requires_grad_()
    teacher.requires_grad_()
    loss = work.soft_loss(student, teacher)
    if isinstance(loss, torch.Tensor) and loss.requires_grad:
        loss.sum().backward()
    return loss, student.grad, teacher.grad


@scenario
def call_tempered_loss(work, student, teacher, temperature):
    student.requires_grad_()
    teacher.requires_grad_()
    loss = work.tempered_loss(student, teacher, temperature)
    if isinstance(loss, torch.Tensor) and loss.requires_grad:
        loss.sum().backward()
    return loss, student.grad, teacher.grad


@scenario
def call_mixed_loss(work, student, teacher, labels, alpha):
    student.requires_grad_()
    teacher.requires_grad_()
    loss = work.mixed_loss(student, teacher, labels, alpha=alpha)
    if isinstance(loss, torch.Tensor) and loss.requires_grad:
        loss.sum().backward()
    return loss, student.grad, teacher.grad


def divergence(student: Tensor, teacher: Tensor, temperature: float = 1.0) -> tuple[Tensor, Tensor]:
    """T^2 KL(teacher || student), mean over the batch, and its gradient for the student; float64."""
    log_q = (student.double() / temperature).log_softmax(dim=1)
    log_p = (teacher.double() / temperature).log_softmax(dim=1)
    loss = temperature**2 * (log_p.exp() * (log_p - log_q)).sum(dim=1).mean()
    return loss, temperature * (log_q.exp() - log_p.exp()) / len(student)


def assert_loss(
    got: list[Any], want: Tensor, want_grad: Tensor, *, what: str, mistakes: dict[str, Tensor] | None = None
) -> None:
    """A scalar of the right value and gradient that does not reach the teacher."""
    loss = tensor(got[0], what=what, dtype=torch.float32, shape=(), finite=True)
    right = torch.isclose(loss.double(), want, rtol=1e-4, atol=1e-5)
    for sentence, wrong in (mistakes or {}).items():
        same = torch.isclose(loss.double(), wrong.double(), rtol=1e-4, atol=1e-5)
        differs = not torch.isclose(want, wrong.double(), rtol=1e-3, atol=1e-4)
        assert not (same and differs), f"{what} is {loss:.4g}, expected {want:.4g}: {sentence}"
    below = (
        "; a divergence is never negative, so what went in were no log-probabilities" if loss < -1e-4 else ""
    )
    assert right, f"{what} is {loss:.4g}, expected {want:.4g}{below}"
    moves = bool(want_grad.abs().max() > 1e-7)
    grad = got[1] if isinstance(got[1], Tensor) and bool(got[1].any()) else None
    assert not (grad is None and moves), (
        f"{what}: no gradient reaches the student, so it learns nothing from it"
    )
    grad = torch.zeros(want_grad.shape) if grad is None else grad
    grad = tensor(grad, what=f"{what}: the student's gradient", shape=want_grad.shape, finite=True)
    assert_close(grad.double(), want_grad, what=f"{what}: the student's gradient", rtol=1e-3, atol=1e-5)
    reaches = isinstance(got[2], Tensor) and bool((got[2] != 0).any())
    assert not reaches, f"{what}: a gradient reaches the teacher; detach its logits"


# ---- soft_loss ---------------------------------------------------------------------------------------------


def judge_soft_loss(judge: Judge, student: Tensor, teacher: Tensor, what: str) -> None:
    got = ask(judge, call_soft_loss, 3, student=student, teacher=teacher)
    q, p = student.double().softmax(dim=1), teacher.double().softmax(dim=1)
    log_q, log_p = student.double().log_softmax(dim=1), teacher.double().log_softmax(dim=1)
    mistakes = {
        "kl_div got the student's probabilities where it wants their logarithms": (p * (log_p - q))
        .sum(1)
        .mean(),
        "the arguments are exchanged, it is the divergence of the teacher from the student": (
            (q * (log_q - log_p)).sum(1).mean()
        ),
        "it is the mean over the classes too; take reduction='batchmean'": (p * (log_p - log_q)).mean(),
        "it is the sum over the batch, not its mean": (p * (log_p - log_q)).sum(),
        "it is the cross-entropy; subtract the teacher's entropy": -(p * log_q).sum(1).mean(),
    }
    assert_loss(got, *divergence(student, teacher), what=what, mistakes=mistakes)


@check(
    "soft_loss",
    "two classes by hand; a student who agrees",
    public=True,
    hint="Not zero for equal logits, or below zero? kl_div wants logarithms first and probabilities second.",
)
def test_soft_loss_by_hand(judge: Judge) -> None:
    student, teacher = torch.tensor([[0.0, 0.0]]), torch.tensor([[0.0, 1.0986123]])
    judge_soft_loss(judge, student, teacher, "soft_loss of q = (1/2, 1/2) for p = (1/4, 3/4)")
    judge_soft_loss(judge, teacher, student, "soft_loss of q = (1/4, 3/4) for p = (1/2, 1/2)")
    agree = torch.tensor([[2.0, -1.0, 0.5], [0.0, 0.0, 3.0]])
    judge_soft_loss(judge, agree, agree.clone(), "soft_loss of equal logits")


@check(
    "soft_loss",
    "batches of any size, value and gradients",
    hint="Right for one row alone? Mean over the batch, sum over the classes: reduction='batchmean', dim=1.",
)
def test_soft_loss_batches(judge: Judge) -> None:
    for rows, classes in ((1, 5), (7, 3), (16, 10)):
        student = 3 * torch.randn(rows, classes, generator=judge.generator)
        teacher = 3 * torch.randn(rows, classes, generator=judge.generator)
        judge_soft_loss(judge, student, teacher, f"soft_loss of {rows} rows of {classes} classes")


@check(
    "soft_loss",
    "logits far apart",
    points=0.5,
    hint="Infinite? The logarithm of a softmax that is 0; log_softmax knows how to do it.",
)
def test_soft_loss_far_apart(judge: Judge) -> None:
    student, teacher = torch.tensor([[300.0, 0.0, -300.0]]), torch.tensor([[0.0, 300.0, -300.0]])
    judge_soft_loss(judge, student, teacher, "soft_loss of logits [300, 0, -300] for [0, 300, -300]")


# ---- tempered_loss -----------------------------------------------------------------------------------------


def judge_tempered_loss(
    judge: Judge, student: Tensor, teacher: Tensor, temperature: float, what: str
) -> None:
    got = ask(judge, call_tempered_loss, 3, student=student, teacher=teacher, temperature=temperature)
    want, grad = divergence(student, teacher, temperature)
    cold, hot = (F.softmax(logits.double(), dim=1) / temperature for logits in (student, teacher))
    mistakes = {
        "the temperature divides probabilities; it belongs to the logits": divergence(cold, hot)[0],
        "the factor T^2 is missing, so gradients vanish as T grows": want / temperature**2,
        "the factor is T^2, not T": want / temperature,
        "the student is not softened": (
            temperature**2 * divergence(student, teacher.double() / temperature)[0]
        ),
        "the arguments are exchanged, it is the divergence of the teacher from the student": (
            divergence(teacher, student, temperature)[0]
        ),
    }
    assert_loss(got, want, grad, what=what, mistakes=mistakes)


@check(
    "tempered_loss",
    "two classes by hand",
    public=True,
    hint="Almost zero at every temperature? Probabilities over T are nearly equal; divide the logits.",
)
def test_tempered_loss_by_hand(judge: Judge) -> None:
    one, two = torch.tensor([[0.0, 0.0]]), torch.tensor([[0.0, 2.1972246]])
    for student, teacher in ((two, one), (one, two)):
        for temperature in (2.0, 1.0):
            what = f"tempered_loss of logits {shown(student[0])} for {shown(teacher[0])}"
            what = f"{what} at temperature {temperature:g}"
            judge_tempered_loss(judge, student.clone(), teacher.clone(), temperature, what)


@check(
    "tempered_loss",
    "batches at temperatures below and above 1, value and gradients",
    hint="The gradient fades as T grows? Two factors 1 / T come from the softmax; T^2 makes up for them.",
)
def test_tempered_loss_batches(judge: Judge) -> None:
    for rows, classes, temperature in ((1, 5, 0.5), (7, 3, 3.0), (16, 10, 20.0)):
        student = 3 * torch.randn(rows, classes, generator=judge.generator)
        teacher = 3 * torch.randn(rows, classes, generator=judge.generator)
        what = f"tempered_loss of {rows} rows of {classes} classes at temperature {temperature:g}"
        judge_tempered_loss(judge, student, teacher, temperature, what)


# ---- mixed_loss --------------------------------------------------------------------------------------------


def judge_mixed_loss(
    judge: Judge, student: Tensor, teacher: Tensor, labels: Tensor, alpha: float, what: str
) -> None:
    given = {"student": student, "teacher": teacher, "labels": labels, "alpha": alpha}
    got = ask(judge, call_mixed_loss, 3, **given)
    soft, soft_grad = divergence(student, teacher)
    hard = F.cross_entropy(student.double(), labels)
    hard_grad = (student.double().softmax(dim=1) - F.one_hot(labels, student.shape[1])) / len(student)
    strange = F.cross_entropy(teacher.double(), labels)
    mistakes = {
        "the soft term compares the teacher with the labels, and the student is in neither": (
            alpha * strange + (1 - alpha) * hard
        ),
        "alpha is the teacher's share, not that of the labels": (1 - alpha) * soft + alpha * hard,
        "the labels' share is 1 - alpha, not 1": alpha * soft + hard,
        "the teacher's most likely class is taken for a label": (
            alpha * F.cross_entropy(student.double(), teacher.argmax(dim=1)) + (1 - alpha) * hard
        ),
    }
    want, grad = alpha * soft + (1 - alpha) * hard, alpha * soft_grad + (1 - alpha) * hard_grad
    assert_loss(got, want, grad, what=what, mistakes=mistakes)


@check(
    "mixed_loss",
    "two classes by hand",
    public=True,
    hint="The teacher alone gives no gradient? Its term has to compare it with the student.",
)
def test_mixed_loss_by_hand(judge: Judge) -> None:
    student, teacher = torch.tensor([[0.0, 1.0986123]]), torch.tensor([[0.6931472, 0.0]])
    for alpha in (1.0, 0.5, 0.0):
        what = f"mixed_loss of q = (1/4, 3/4), p = (2/3, 1/3), label 1 and alpha {alpha:g}"
        judge_mixed_loss(judge, student, teacher, torch.tensor([1]), alpha, what)


@check(
    "mixed_loss",
    "batches, value and gradients of student and teacher",
    hint="The value is right and the gradient is not? See what is detached: the teacher, and nothing else.",
)
def test_mixed_loss_batches(judge: Judge) -> None:
    for rows, classes, alpha in ((1, 5, 0.9), (7, 3, 0.25), (16, 10, 1.0)):
        student = 2 * torch.randn(rows, classes, generator=judge.generator)
        teacher = 2 * torch.randn(rows, classes, generator=judge.generator)
        labels = torch.randint(0, classes, (rows,), generator=judge.generator)
        what = f"mixed_loss of {rows} rows of {classes} classes with alpha {alpha:g}"
        judge_mixed_loss(judge, student, teacher, labels, alpha, what)


# ---- teach_step_ -------------------------------------------------------------------------------------------
# Wrong: parameters averaged or copied (F10); divergence exchanged; no T^2; the teacher's choice as a label;
# mean over classes, too; old gradients added; no step; gradients or batch statistics of the teacher changed.


@scenario
def call_teach_step(work, student, teacher, inputs, temperature, name, options, steps, stale):
    pupil = nn.Sequential(nn.Linear(inputs.shape[1], 3))
    master = nn.Sequential(nn.Linear(inputs.shape[1], 3))
    if "1.running_mean" in teacher:
        master = nn.Sequential(
            nn.Linear(4, 6), nn.BatchNorm1d(6), nn.ReLU(), nn.Dropout(0.5), nn.Linear(6, 3)
        )
    pupil.load_state_dict(student)
    master.load_state_dict(teacher)
    master.eval()
    optimizer = getattr(torch.optim, name)(pupil.parameters(), **options)
    if stale:
        for parameter in pupil.parameters():
            parameter.grad = torch.ones_like(parameter)
    losses = []
    for _ in range(steps):
        losses.append(work.teach_step_(pupil, master, inputs, optimizer, temperature=temperature))
    gradients = sum(parameter.grad is not None for parameter in master.parameters())
    learns = [parameter.requires_grad for parameter in (*pupil.parameters(), *master.parameters())]
    training = [module.training for module in master.modules()]
    after = pupil.state_dict(), master.state_dict()
    return losses, dict(after[0]), dict(after[1]), gradients, all(learns), any(training)


@scenario
def count_the_default(work, inputs):
    torch.manual_seed(0)
    models = [nn.Linear(2, 3) for _ in range(2)]
    optimizer = torch.optim.SGD(models[0].parameters(), lr=0.0)
    usual = work.teach_step_(*models, inputs, optimizer)
    return usual, work.teach_step_(*models, inputs, optimizer, temperature=4.0)


def taught(
    student: dict[str, Tensor], wanted: Tensor, inputs: Tensor, temperature: float, name: str, options: Any,
    steps: int,
) -> tuple[list[float], dict[str, Tensor]]:  # fmt: skip
    """The losses and the student's state as they have to be, in double precision."""
    weight, bias = (student[f"0.{part}"].double().requires_grad_() for part in ("weight", "bias"))
    optimizer = getattr(torch.optim, name)([weight, bias], **options)
    target, losses = (wanted.double() / temperature).softmax(dim=1), []
    for _ in range(steps):
        logits = inputs.double() @ weight.T + bias
        told = (logits / temperature).log_softmax(dim=1)
        loss = temperature**2 * (target * (target.log() - told)).sum(dim=1).mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return losses, {"0.weight": weight.detach(), "0.bias": bias.detach()}


@check(
    "teach_step_",
    "two networks of the same shapes, one step by hand",
    public=True,
    hint="Do not touch the parameters yourself: a loss on the outputs, backward(), optimizer.step().",
)
def test_teach_step_by_hand(judge: Judge) -> None:
    student = {"0.weight": torch.tensor([[1.0], [0.0], [-1.0]]), "0.bias": torch.zeros(3)}
    teacher = {"0.weight": torch.tensor([[0.0], [0.0], [2.0]]), "0.bias": torch.zeros(3)}
    inputs = torch.tensor([[1.0], [0.5]])
    wanted = inputs @ teacher["0.weight"].T
    case = {"temperature": 2.0, "name": "SGD", "options": {"lr": 0.5}, "steps": 1}
    losses, state = taught(student, wanted, inputs, **case)  # type: ignore[arg-type]
    got, after, *_ = ask(
        judge, call_teach_step, 6, student=student, teacher=teacher, inputs=inputs, stale=False, **case
    )
    after = mapping(after, what="the student after the step", keys=student)
    weight = tensor(after["0.weight"], what="the student's weight", dtype=torch.float32, shape=(3, 1))
    mean = (student["0.weight"] + teacher["0.weight"]) / 2
    assert not torch.allclose(weight, mean), (
        "the student's weights are the means of its own and the teacher's: weights of two networks do not "
        "correspond, only their outputs do"
    )
    loss = real(sequence(got, what="the losses", length=1)[0], what="teach_step_")
    assert math.isclose(loss, losses[0], rel_tol=1e-4), (
        f"logits {shown(inputs @ student['0.weight'].T)}, the teacher's {shown(wanted)}, temperature 2: "
        f"expected the loss {losses[0]:.4f}, got {loss:.4f}{known_loss(loss, inputs, student, wanted)}"
    )
    assert_close(weight, state["0.weight"].float(), what="the student's weight after the step", atol=1e-5)


def known_loss(loss: float, inputs: Tensor, student: dict[str, Tensor], wanted: Tensor) -> str:
    """Which other loss this is, at temperature 2."""
    mine, theirs = inputs @ student["0.weight"].T, wanted
    p, q = (theirs / 2).softmax(dim=1), (mine / 2).softmax(dim=1)
    kl = (p * (p / q).log()).sum(dim=1).mean().item()
    others = {
        "T^2 is left out": kl,
        "the mean is one over classes, too": 4 * kl / 3,
        "the sum over the batch instead of the mean": 8 * kl,
        "teacher and student are exchanged": 4 * (q * (q / p).log()).sum(dim=1).mean().item(),
        "the student's logits are not divided by T": 4
        * (p * (p.log() - mine.log_softmax(1))).sum(1).mean().item(),
    }
    names = [name for name, value in others.items() if math.isclose(loss, value, rel_tol=1e-4)]
    return f" ({names[0]})" if names else ""


@check(
    "teach_step_",
    "a larger teacher, any optimiser and temperature, several steps, gradients left from before",
    hint="Right at first and wrong later? optimizer.zero_grad() belongs before backward().",
)
def test_teach_step_steps(judge: Judge) -> None:
    for case in TEACHING:
        student, teacher, inputs, wanted = two_networks(judge.generator)
        losses, state = taught(student, wanted, inputs, **case)
        got, after, *_ = ask(
            judge, call_teach_step, 6, student=student, teacher=teacher, inputs=inputs, stale=True, **case
        )
        after = mapping(after, what="the student", keys=student)
        what = f"with {case['name']} at temperature {case['temperature']:g}"
        for number, (value, want) in enumerate(
            zip(sequence(got, what="the losses", length=case["steps"]), losses, strict=True), 1
        ):
            loss = real(value, what="teach_step_")
            close = math.isclose(loss, want, rel_tol=1e-3, abs_tol=1e-5)
            assert close, f"{what}, step {number}: expected the loss {want:.5g}, got {loss:.5g}"
        for name, value in state.items():
            found = tensor(after[name], what=name, dtype=torch.float32)
            assert_close(found, value.float(), what=f"the student's {name} {what}", rtol=1e-3, atol=1e-4)
    default, four = ask(judge, count_the_default, inputs=torch.tensor([[1.0, -2.0], [0.5, 3.0]]))
    assert real(default, what="teach_step_") == real(four, what="teach_step_"), "the default temperature is 4"


TEACHING: list[dict[str, Any]] = [
    {"temperature": 1.0, "name": "SGD", "options": {"lr": 0.2}, "steps": 1},
    {"temperature": 4.0, "name": "SGD", "options": {"lr": 0.1, "momentum": 0.9}, "steps": 3},
    {"temperature": 8.0, "name": "AdamW", "options": {"lr": 0.02}, "steps": 2},
]


def two_networks(generator: torch.Generator) -> tuple[dict[str, Tensor], dict[str, Tensor], Tensor, Tensor]:
    """A student, a larger teacher with a batch norm, inputs, and the teacher's logits for them."""

    def normal(*shape: int) -> Tensor:
        return torch.randn(shape, generator=generator)

    student = {"0.weight": normal(3, 4), "0.bias": normal(3)}
    norm = {"1.weight": normal(6), "1.bias": normal(6), "1.running_mean": normal(6)}
    norm |= {"1.running_var": normal(6).abs() + 0.5, "1.num_batches_tracked": torch.tensor(5)}
    teacher = {
        "0.weight": normal(6, 4),
        "0.bias": normal(6),
        **norm,
        "4.weight": normal(3, 6),
        "4.bias": normal(3),
    }
    inputs = normal(7, 4)
    hidden = inputs @ teacher["0.weight"].T + teacher["0.bias"]
    hidden = (hidden - norm["1.running_mean"]) / (norm["1.running_var"] + 1e-5).sqrt()
    hidden = (hidden * norm["1.weight"] + norm["1.bias"]).relu()
    return student, teacher, inputs, hidden @ teacher["4.weight"].T + teacher["4.bias"]


@check(
    "teach_step_",
    "the teacher stays as it is: weights, statistics, mode, no gradients",
    hint="Run the teacher under torch.no_grad(), in the mode in which it came.",
)
def test_teach_step_teacher(judge: Judge) -> None:
    student, teacher, inputs, _ = two_networks(judge.generator)
    case = {"student": student, "teacher": teacher, "inputs": inputs, "stale": False, **TEACHING[1]}
    _, _, after, gradients, learns, training = ask(judge, call_teach_step, 6, **case)
    after = mapping(after, what="the teacher after three steps", keys=teacher)
    for name, before in teacher.items():
        value = tensor(after[name], what=f"the teacher's {name}", dtype=before.dtype, shape=before.shape)
        assert torch.equal(value, before), f"the teacher's {name} was changed"
    assert gradients == 0, "the teacher's parameters have got gradients: it is to run without them"
    assert training is False, "the teacher came in eval mode and is in training mode now"
    assert learns is True, "a parameter no longer requires gradients after the step"


# ---- sparse_copy -------------------------------------------------------------------------------------------
# Wrong: dropout (F11); random choice; survivors rescaled; vectors pruned; one ranking for all; signed
# ranking; the fraction that stays; the model itself changed; the mode lost; int for round.


@scenario
def call_sparse_copy(work, state, sparsity, training):
    if len(state) == 2:
        model = nn.Linear(3, 2)
    else:
        model = nn.Sequential(
            nn.Conv2d(2, 5, 3), nn.BatchNorm2d(5), nn.Sequential(nn.Flatten(), nn.Linear(5, 20))
        )
    model.load_state_dict(state)
    model.train(training)
    results = [work.sparse_copy(model, sparsity) for _ in range(2)]
    first = {name: value.clone() for name, value in results[0].state_dict().items()}
    before = {name: value.clone() for name, value in model.state_dict().items()}
    modes = [[module.training for module in each.modules()] for each in (model, results[0])]
    with torch.no_grad():
        for parameter in results[1].parameters():
            parameter.fill_(7.0)
    shared = any(bool((value == 7.0).any()) for value in (*model.parameters(), *results[0].parameters()))
    return first, dict(results[0].state_dict()), before, modes, shared


def layers_to_prune(generator: torch.Generator) -> dict[str, Tensor]:
    shapes = {"0.weight": (5, 2, 3, 3), "0.bias": (5,), "1.weight": (5,), "1.bias": (5,)}
    shapes |= {"1.running_mean": (5,), "1.running_var": (5,), "2.1.weight": (20, 5), "2.1.bias": (20,)}
    state = {name: torch.randn(shape, generator=generator) for name, shape in shapes.items()}
    state["0.weight"] *= 0.1  # a common ranking would take these first
    return {**state, "1.running_var": state["1.running_var"].abs(), "1.num_batches_tracked": torch.tensor(3)}


def assert_sparse(got: object, state: dict[str, Tensor], sparsity: float) -> None:
    """Each matrix has lost its smallest, and nothing else has changed."""
    got = mapping(got, what="the state of the sparse copy", keys=state)
    for name, before in state.items():
        value = tensor(got[name], what=name, dtype=before.dtype, shape=before.shape)
        count, case = before.numel(), f"{name} at sparsity {sparsity:g}"
        if before.dim() < 2:
            assert torch.equal(value, before), f"{case} was changed: vectors and buffers stay as they are"
            continue
        gone, expected = value == 0, round(sparsity * count)
        moved = ~gone & (value != before)
        if bool(moved.any()):
            old, new = before[moved][0].item(), value[moved][0].item()
            guess = (
                "; dropout divides what stays by 1 - p"
                if math.isclose(new * (1 - sparsity), old, rel_tol=1e-4)
                else ""
            )
            raise AssertionError(f"{case}: {old:.4g} became {new:.4g}, but what stays keeps its value{guess}")
        guess = "; sparsity is the part that goes" if int(gone.sum()) == count - expected != expected else ""
        assert int(gone.sum()) == expected, (
            f"{case}: {int(gone.sum())} of {count} weights are 0, expected {expected}{guess}"
        )
        if 0 < expected < count and before[gone].abs().max() > before[~gone].abs().min():
            lost, kept = before[gone].abs().max(), before[~gone].abs().min()
            raise AssertionError(
                f"{case}: a weight of magnitude {lost:.4g} is gone, one of {kept:.4g} is left"
            )


@check(
    "sparse_copy",
    "six weights by hand, the same ones at every call",
    public=True,
    hint="Nothing is drawn here: rank the magnitudes. Dropout is for activations during training.",
)
def test_sparse_copy_by_hand(judge: Judge) -> None:
    weight = torch.tensor([[0.5, -2.0, 0.25], [-0.75, 1.0, 4.0]])
    state = {"weight": weight, "bias": torch.tensor([0.125, -0.5])}
    first, again, *_ = ask(judge, call_sparse_copy, 5, state=state, sparsity=0.5, training=False)
    again = mapping(again, what="the state of the sparse copy", keys=state)
    assert_sparse(first, state, 0.5)


@check(
    "sparse_copy",
    "convolutions, norms and nested layers at any sparsity: each matrix for itself, vectors untouched",
    hint="Loop over model.parameters() and leave out those with fewer than two dimensions.",
)
def test_sparse_copy_layers(judge: Judge) -> None:
    for sparsity in (0.0, 0.29, 0.5, 0.9, 0.995, 1.0):
        state = layers_to_prune(judge.generator)
        first, *_ = ask(judge, call_sparse_copy, 5, state=state, sparsity=sparsity, training=False)
        assert_sparse(first, state, sparsity)


@check(
    "sparse_copy",
    "the model given and its mode stay, the copy has memory of its own and the same mode",
    points=0.5,
    hint="copy.deepcopy(model) first; it also keeps the mode.",
)
def test_sparse_copy_original(judge: Judge) -> None:
    for training in (True, False):
        state = layers_to_prune(judge.generator)
        _, _, before, modes, shared = ask(
            judge, call_sparse_copy, 5, state=state, sparsity=0.5, training=training
        )
        before = mapping(before, what="the model given", keys=state)
        for name, value in state.items():
            assert_unchanged(before[name], value, what=f"model ({name})")
        modes = sequence(modes, what="the modes", length=2)
        named = "training" if training else "eval"
        for mode, what in zip(modes, ("the model given", "its copy"), strict=True):
            right = [each is training for each in sequence(mode, what="the modes of the modules")]
            assert all(right), f"the model came in {named} mode, {what} is not in it any more"
        assert shared is False, "a change of the copy shows in another model: it needs memory of its own"


# ---- next_generation ---------------------------------------------------------------------------------------
# Wrong: the worst survive and breed, two children from one cut, always one flip (F12); parents of the worse
# half, or single ones; the cut in the middle or at an end; all genes flipped at once; the best mutated;
# another source of randomness. What is drawn is judged by counts of many, at 4.5 standard deviations or more.


@scenario
def call_next_generation(work, population, scores, rate, seed, calls):
    generator = torch.Generator().manual_seed(seed)
    results = []
    for _ in range(calls):
        results.append(work.next_generation(population, scores, mutation_rate=rate, generator=generator))
    again = torch.Generator().manual_seed(seed)
    torch.rand(7)  # who draws from the global generator gets something else now
    same = work.next_generation(population, scores, mutation_rate=rate, generator=again)
    return results, torch.equal(same, results[0]), population, scores


def generations(
    judge: Judge, population: Tensor, scores: Tensor, rate: float, calls: int = 1
) -> list[Tensor]:  # fmt: skip
    """What each of the calls returned, its form and first row judged, and that seed and arguments count."""
    seed = int(torch.randint(2**31, (), generator=judge.generator))
    inputs = {"population": population, "scores": scores, "rate": rate, "seed": seed, "calls": calls}
    results, same, *after = ask(judge, call_next_generation, 4, **inputs)
    best, worst = population[scores.argmax()], population[scores.argmin()]
    for number, result in enumerate(sequence(results, what="the generations", length=calls)):
        rows = tensor(result, what="next_generation", dtype=torch.bool, shape=population.shape)
        results[number] = rows
        guess = "; that is the one of the lowest" if torch.equal(rows[0], worst) else ""
        assert torch.equal(rows[0], best), (
            f"row 0 is not the candidate of the highest score, unchanged{guess}"
        )
    assert same is True, "the same generator seed gave another generation: draw from `generator` alone"
    for value, before, what in zip(after, (population, scores), ("population", "scores"), strict=True):
        assert_unchanged(value, before, what=what)
    return [tensor(result, what="next_generation") for result in results]


@check(
    "next_generation",
    "four candidates: the best survives, the two best have children, cut at every place",
    public=True,
    hint="Fitness goes down? argsort goes upwards: the best ones are at its end.",
)
def test_next_generation_by_hand(judge: Judge) -> None:
    order = torch.randperm(4, generator=judge.generator)
    candidates = torch.tensor(
        [[1, 1, 1, 1, 1, 1], [0, 0, 0, 0, 0, 0], [1, 0, 1, 0, 1, 0], [0, 1, 0, 1, 0, 1]]
    ).bool()
    scores = torch.tensor([0.75, 0.5, 0.25, -1.0])
    cuts = [0] * 12  # a cut before gene 1 to 5, with ones on the left or on the right
    for rows in generations(judge, candidates[order], scores[order], 0.0, calls=100):
        for child in rows[1:]:
            changes = (child[1:] != child[:-1]).nonzero().flatten().tolist()
            text = "".join(str(int(gene)) for gene in child)
            assert len(changes) < 2, (
                f"parents 111111 and 000000 have no child {text}: one cut, no mutation at rate 0"
            )
            assert changes, (
                f"parents 111111 and 000000, a cut between two genes: {text} is no child but a copy"
            )
            cuts[2 * changes[0] + 2 + int(child[0])] += 1
    for number in range(2, 12):
        assert 8 <= cuts[number] <= 55, (
            f"{cuts[number]} of 300 children of 111111 and 000000 begin with {number // 2} "
            f"{'ones' if number % 2 else 'zeros'}, about 30 expected: draw the cut evenly for each child"
        )


@check(
    "next_generation",
    "every child has its own two parents of the better half, and its own cut",
    hint="Two children of one pair and one cut are one experiment paid twice. Draw anew for each child.",
)
def test_next_generation_parents(judge: Judge) -> None:
    for count, genes in ((4, 40), (5, 40), (16, 64)):
        population = torch.rand(count, genes, generator=judge.generator) < 0.5
        scores = torch.randn(count, generator=judge.generator)
        better = population[scores.argsort(descending=True)[: count // 2]]
        used, origins = set(), []
        for rows in generations(judge, population, scores, 0.0, calls=40):
            for child in rows[1:]:
                origin = parents_of(child, better)
                assert origin is not None, (
                    f"a child of {count} candidates without mutation is not the begin of one and the end of "
                    f"another of the best {count // 2}"
                )
                used |= set(origin[:2])
                origins.append((frozenset(origin[:2]), origin[2]))
            if count == 16:
                assert len(set(origins)) >= 0.8 * len(origins), (
                    f"{len(origins)} children come from {len(set(origins))} pairs of parents and cuts: draw "
                    "parents and cut for each child"
                )
                origins = []
        missing = count // 2 - len(used)
        assert not missing, (
            f"{missing} of the best {count // 2} of {count} never have a child in 40 generations"
        )


def parents_of(child: Tensor, better: Tensor) -> tuple[int, int, int] | None:
    """(left parent, right parent, first cut) that give this child, or None."""
    agree = better == child  # (parents, genes)
    left = agree.long().cumprod(dim=1).sum(dim=1).tolist()  # how far each agrees from the first gene on
    right = agree.flip(1).long().cumprod(dim=1).sum(dim=1).tolist()
    genes = len(child)
    for one, reach in enumerate(left):
        for other, back in enumerate(right):
            first = max(1, genes - back)
            if one != other and first <= min(reach, genes - 1):
                return one, other, first
    return None


@check(
    "next_generation",
    "each gene of a child flips by itself, with the probability asked for",
    hint="Compare one random number for each gene with the rate.",
)
def test_next_generation_mutation(judge: Judge) -> None:
    genes = torch.rand(50, generator=judge.generator) < 0.5  # of all candidates, so a change is a flip
    population = genes.repeat(200, 1)
    scores = torch.randn(200, generator=judge.generator)
    for rate in (0.0, 0.02, 0.3, 1.0):
        flips = generations(judge, population, scores, rate)[0][1:] ^ genes  # (199, 50)
        total, spread = 199 * 50 * rate, math.sqrt(199 * 50 * rate * (1 - rate))
        assert abs(int(flips.sum()) - total) <= 4.5 * spread, (
            f"{int(flips.sum())} of 9950 genes flipped at mutation rate {rate:g}, about {total:.0f} expected"
        )
        for kind, counts, size in (("gene", flips.sum(dim=0), 199), ("child", flips.sum(dim=1), 50)):
            most = size * rate + 6.5 * math.sqrt(size * rate * (1 - rate)) + 0.5
            fewest = size * rate - 6.5 * math.sqrt(size * rate * (1 - rate)) - 0.5
            assert fewest <= counts.min() and counts.max() <= most, (
                f"at mutation rate {rate:g} one {kind} flipped {int(counts.max())} of {size} times and one "
                f"{int(counts.min())} times: each gene of each child is drawn by itself"
            )
        if rate == 0.02:
            untouched = int((flips.sum(dim=1) == 0).sum())
            assert 40 <= untouched <= 105, (
                f"{untouched} of 199 children have no flip at mutation rate 0.02, about 72 expected"
            )


# ---- small_cnn ---------------------------------------------------------------------------------------------
# Wrong: halves alone (F13); height for width; padding once; rounds up; no channels; another pooling; always
# ten classes; an image that vanishes.


@scenario
def call_small_cnn(work, image_shape, widths, options):
    net = work.small_cnn(tuple(image_shape), widths, **options)
    kinds = [type(layer).__name__ for layer in net]
    shapes = [list(parameter.shape) for parameter in net.parameters()]
    try:
        logits = list(net.eval()(torch.zeros(2, *image_shape)).shape)
    except RuntimeError as error:
        logits = str(error)
    return kinds, shapes, logits


@scenario
def count_small_cnn(work, image_shape, widths, kernel_size):
    return [
        list(p.shape)
        for p in work.small_cnn(tuple(image_shape), widths, kernel_size=kernel_size).parameters()
    ]


def assert_cnn(judge: Judge, shape: tuple[int, int, int], widths: list[int], **options: int) -> None:
    """Layers and shapes as the contract says, and a batch that goes through."""
    inputs: dict[str, Any] = {"image_shape": list(shape), "widths": widths, "options": options}
    kinds, shapes, logits = ask(judge, call_small_cnn, 3, **inputs)
    kernel, padding, classes = (
        options.get(name, usual) for name, usual in (("kernel_size", 3), ("padding", 0), ("classes", 10))
    )
    channels, *size = shape
    want: list[list[int]] = []
    for width in widths:
        want += [[width, channels, kernel, kernel], [width]]
        channels, size = width, [(side + 2 * padding - kernel + 1) // 2 for side in size]
    flat = channels * size[0] * size[1]
    want += [[classes, flat], [classes]]
    case = f"small_cnn({shape}, {widths}{''.join(f', {name}={value}' for name, value in options.items())})"
    asked = ["Conv2d", "ReLU", "MaxPool2d"] * len(widths) + ["Flatten", "Linear"]
    kinds = sequence(kinds, what="the layers")
    assert kinds == asked, (
        f"{case}: expected the layers {', '.join(asked)}, got {', '.join(map(str, kinds))}"[:300]
    )
    shapes = sequence(shapes, what="the shapes of the parameters", length=len(want))
    if shapes[-2] != want[-2]:
        hidden = " x ".join(map(str, [channels, *size]))
        raise AssertionError(
            f"{case}: {hidden} = {flat} numbers of an image reach the last layer, whose weight has the shape "
            f"{shapes[-2]}"
        )
    assert shapes == want, f"{case}: expected parameters of the shapes {want}, got {shapes}"[:400]
    assert logits == [2, classes], f"{case}: two images gave {logits}, expected shape {[2, classes]}"[:300]


@check(
    "small_cnn",
    "MNIST, two stages",
    public=True,
    hint="mat1 and mat2 shapes cannot be multiplied? Follow one image: 28, 26, 13, 11, 5.",
)
def test_small_cnn_mnist(judge: Judge) -> None:
    assert_cnn(judge, (1, 28, 28), [8, 16])
    assert_cnn(judge, (1, 28, 28), [4, 6], padding=1)


@check(
    "small_cnn",
    "any height and width, kernel, padding, number of stages and classes",
    hint="Height and width go their own ways; pooling drops an odd last row.",
)
def test_small_cnn_shapes(judge: Judge) -> None:
    assert_cnn(judge, (3, 32, 32), [6, 5], kernel_size=5, classes=7)
    assert_cnn(judge, (3, 24, 40), [4, 3, 2], padding=1)
    assert_cnn(judge, (2, 17, 9), [3], kernel_size=4, padding=2, classes=2)
    assert_cnn(judge, (1, 31, 22), [2, 3, 4, 5], kernel_size=1, padding=0)
    for _ in range(4):
        sides = torch.randint(24, 40, (2,), generator=judge.generator).tolist()
        kernel, padding = (
            int(torch.randint(*span, (), generator=judge.generator)) for span in ((1, 6), (0, 4))
        )
        assert_cnn(judge, (2, *sides), [3, 2], kernel_size=kernel, padding=padding, classes=3)


@check(
    "small_cnn",
    "refuses an image of which nothing is left, and takes the smallest that does",
    points=0.5,
    hint="raise ValueError(f'image_shape {image_shape} ...') where height or width is below 1.",
)
def test_small_cnn_vanishes(judge: Judge) -> None:
    assert_cnn(judge, (1, 10, 10), [2, 2])
    assert_cnn(judge, (1, 4, 30), [2])
    for shape, widths, kernel in (([1, 9, 10], [2, 2], 3), ([1, 10, 9], [2, 2], 3), ([1, 30, 2], [3], 5)):
        inputs: dict[str, Any] = {"image_shape": shape, "widths": widths, "kernel_size": kernel}
        judge.raises(count_small_cnn, ValueError, naming="image_shape", **inputs)


# ---- search_architecture -----------------------------------------------------------------------------------
# Wrong: one fixed model (F14); with replacement; too many or too few trials; always the first ones; the last,
# the worst or nothing returned; another source of randomness.


@scenario
def call_search(work, space, values, trials, seeds):
    found = []
    for seed in seeds:
        asked = []

        def evaluate(candidate, asked=asked):
            asked.append(dict(candidate))
            return values[" ".join(f"{name}={candidate[name]}" for name in space)]

        generator = torch.Generator().manual_seed(seed)
        torch.rand(7)  # the global generator is another one each time
        best, score = work.search_architecture(space, evaluate, trials=trials, generator=generator)
        found.append([dict(best), score, asked])
    return found


def searched(
    judge: Judge, space: dict[str, list[int]], trials: int, seeds: list[int], *, low: float = -1.0
) -> list[tuple[dict[str, int], list[dict[str, int]]]]:
    """(result, candidates evaluated) for each seed, budget and best of them judged."""
    names = list(space)
    grid = [dict(zip(names, chosen, strict=True)) for chosen in itertools.product(*space.values())]
    scores = (torch.randperm(len(grid), generator=judge.generator).double() / len(grid) + low).tolist()
    keys = [" ".join(f"{name}={candidate[name]}" for name in names) for candidate in grid]
    values = dict(zip(keys, scores, strict=True))
    found = judge.run(call_search, space=space, values=values, trials=trials, seeds=seeds)
    results = []
    case = f"{len(grid)} candidates, trials={trials}"
    for item in sequence(found, what="what came back from the worker", length=len(seeds)):
        best, score, asked = sequence(item, what="a search", length=3)
        asked = [
            mapping(each, what="a candidate", keys=names) for each in sequence(asked, what="the candidates")
        ]
        tried = {str([each[name] for name in names]) for each in asked}
        expected = min(trials, len(grid))
        assert len(asked) == expected, f"{case}: evaluate was called {len(asked)} times, expected {expected}"
        assert len(tried) == expected, (
            f"{case}: only {len(tried)} of the {expected} candidates tried are different"
        )
        best = mapping(best, what="the best candidate", keys=names)
        top = max(asked, key=lambda each: values[" ".join(f"{name}={each[name]}" for name in names)])
        want = values[" ".join(f"{name}={top[name]}" for name in names)]
        got = real(score, what="the score")
        assert best == top, f"{case}: the best one tried is {top} with score {want:.3g}, returned was {best}"
        assert math.isclose(got, want), f"{case}: the best score is {want:.3g}, returned was {got:.3g}"
        results.append((best, asked))
    return results


@check(
    "search_architecture",
    "four candidates, four trials: each is evaluated once and the best returned",
    public=True,
    hint="evaluate was called once? One model that is built and scored is no search.",
)
def test_search_by_hand(judge: Judge) -> None:
    for trials in (4, 9):
        searched(judge, {"depth": [1, 2], "width": [8, 16]}, trials, [1, 2])


@check(
    "search_architecture",
    "fewer trials than candidates, scores of any sign, any number of choices",
    hint="Exactly min(trials, size of the space) calls of evaluate, no candidate twice.",
)
def test_search_budget(judge: Judge) -> None:
    seeds = torch.randint(2**31, (3,), generator=judge.generator).tolist()
    for low in (-5.0, 3.0):
        searched(judge, {"depth": [2, 3, 5], "kernel": [3, 5], "width": [8, 16, 32, 64]}, 7, seeds, low=low)
        searched(judge, {"width": [16, 4, 8]}, 2, seeds, low=low)
        searched(judge, {"width": [4], "depth": [3]}, 5, seeds, low=low)


@check(
    "search_architecture",
    "every candidate has the same chance, and the generator decides alone",
    hint="torch.randperm(count, generator=generator) shuffles the numbers of the candidates.",
)
def test_search_random(judge: Judge) -> None:
    seeds = torch.randint(2**31, (240,), generator=judge.generator).tolist()
    results = searched(judge, {"depth": [1, 2, 3], "width": [8, 16]}, 1, [*seeds, *seeds[:20]])
    chosen = [str(sorted(best.items())) for best, _ in results]
    assert chosen[:20] == chosen[240:], "the same seed tried another candidate: draw from `generator` alone"
    counts = {name: chosen[:240].count(name) for name in chosen[:240]}
    for name, number in counts.items():
        assert number <= 70, f"of 240 searches with one trial {number} tried {name}, about 40 expected"
    assert len(counts) == 6, f"240 searches with one trial tried {len(counts)} of 6 candidates"
    assert min(counts.values()) >= 14, (
        f"a candidate was tried {min(counts.values())} times, about 40 expected"
    )


# ---- round_weights_ ----------------------------------------------------------------------------------------
# Wrong: codes written back (F15), or without the zero point; 2^bits levels; vectors rounded; a range without
# zero; rounded down; one range for all; a copy; always 8 bits; NaN for zeros; no clamp.


@scenario
def call_round_weights(work, state, bits):
    if len(state) == 2:
        model = nn.Linear(state["weight"].shape[1], state["weight"].shape[0])
    else:
        model = nn.Sequential(
            nn.Conv2d(2, 5, 3), nn.BatchNorm2d(5), nn.Sequential(nn.Flatten(), nn.Linear(5, 20))
        )
    model.load_state_dict(state)
    before = dict(model.named_parameters())
    options = {} if bits is None else {"bits": bits}
    work.round_weights_(model, **options)
    same = all(value is before[name] and value.requires_grad for name, value in model.named_parameters())
    return dict(model.state_dict()), same


def levels_of(weight: Tensor, bits: int) -> tuple[Tensor, float, int]:
    """The weight as the contract rounds it, the scale and the zero point."""
    low, high = min(weight.min().item(), 0.0), max(weight.max().item(), 0.0)
    scale = (high - low) / (2**bits - 1)
    zero_point = round(-low / scale)
    codes = (weight.double() / scale).round().add(zero_point).clamp(0, 2**bits - 1)
    return scale * (codes - zero_point), scale, zero_point


def between_borders(shape: tuple[int, ...], bits: int, generator: torch.Generator, side: str) -> Tensor:
    """Weights none of which lies near the border of two levels, so that no rounding error decides."""
    scale = 0.02
    top, count = 2**bits - 1, math.prod(shape)
    zero_point = {"both": top // 3 + 1, "positive": 0, "negative": top}[side]
    codes = torch.randint(0, top + 1, (count,), generator=generator)
    shift = (torch.rand(count, generator=generator) - 0.5) * 0.8
    spread = (codes - zero_point + shift).clamp(-zero_point, top - zero_point)
    spread[:2] = torch.tensor([-zero_point, top - zero_point])
    if side != "both":
        spread[spread == 0] = 0.3 if side == "positive" else -0.3
    return torch.mul(spread, scale).view(shape)


def assert_rounded(got: object, state: dict[str, Tensor], bits: int) -> None:
    got = mapping(got, what="the state of the model", keys=state)
    for name, before in state.items():
        value = tensor(got[name], what=name, dtype=before.dtype, shape=before.shape)
        if before.dim() < 2 or not bool(before.any()):
            kind = "vectors and buffers stay as they are" if before.dim() < 2 else "zeros stay zeros"
            assert torch.equal(value, before), f"{name} was changed at {bits} bits: {kind}"
            continue
        want, scale, zero_point = levels_of(before, bits)
        case = f"{name} at {bits} bits (scale {scale:.4g}, zero point {zero_point})"
        codes = want / scale + zero_point
        others = {
            "these are the codes: subtract the zero point and multiply by the scale": codes,
            "these are codes without the zero point: multiply by the scale": codes - zero_point,
            "the zero point has to be subtracted before the codes are scaled": codes * scale,
            "nothing was rounded": before.double(),
        }
        if not torch.allclose(value.double(), want, atol=1e-5):
            for sentence, wrong in others.items():
                assert not torch.allclose(value.double(), wrong, rtol=1e-4, atol=1e-6), f"{case}: {sentence}"
        assert_close(value, want.float(), what=case, atol=1e-5)


@check(
    "round_weights_",
    "four weights on four levels by hand",
    public=True,
    hint="Weights of 0, 1, 2, 3? Those are codes. The network computes with scale * (code - zero point).",
)
def test_round_weights_by_hand(judge: Judge) -> None:
    for weight in (
        [-1.0, 0.2, 1.1, 2.0],
        [-0.5, -0.2, 0.1, 1.0],
        [0.75, 0.3, 0.6, 0.1],
        [-1.5, -0.4, 0.6, 1.5],
    ):
        state = {"weight": torch.tensor([weight]), "bias": torch.tensor([0.3])}
        got, _ = ask(judge, call_round_weights, state=state, bits=2)
        got = mapping(got, what="the state of the model", keys=state)
        assert_rounded({"weight": got["weight"]}, {"weight": state["weight"]}, 2)


@check(
    "round_weights_",
    "2 to 8 bits, matrices of one sign and of zeros, each with a range of its own",
    hint="The range always contains 0, and every matrix has its own.",
)
def test_round_weights_bits(judge: Judge) -> None:
    for bits in (None, 2, 3, 5, 8):
        for side in ("both", "positive", "negative"):
            state = layers_to_prune(judge.generator)
            state["0.weight"] = 10 * between_borders((5, 2, 3, 3), bits or 8, judge.generator, side)
            state["2.1.weight"] = between_borders((20, 5), bits or 8, judge.generator, "both")
            matrices = [name for name, value in state.items() if value.dim() > 1]
            got, _ = ask(judge, call_round_weights, state=state, bits=bits)
            got = mapping(got, what="the state of the model", keys=state)
            assert_rounded({n: got[n] for n in matrices}, {n: state[n] for n in matrices}, bits or 8)
    state = {"weight": torch.zeros(2, 3), "bias": torch.zeros(2)}
    got, _ = ask(judge, call_round_weights, state=state, bits=4)
    assert_rounded(got, state, 4)


@check(
    "round_weights_",
    "biases, norms and buffers stay, and so do the parameter objects",
    points=0.5,
    hint="Change parameter.data in place, and only where it has two or more dimensions.",
)
def test_round_weights_rest(judge: Judge) -> None:
    state = layers_to_prune(judge.generator)
    state["0.weight"] = between_borders((5, 2, 3, 3), 4, judge.generator, "both")
    state["2.1.weight"] = between_borders((20, 5), 4, judge.generator, "both")
    got, same = ask(judge, call_round_weights, state=state, bits=4)
    assert_rounded(got, state, 4)
    assert same is True, "a parameter is another object or no longer learns: copy the values into the old one"


# ---- stored_ratio ------------------------------------------------------------------------------------------
# Wrong: positions for nothing (F16); one fixed layout; one layout for all; no size; the last byte of the
# mask; a mean of ratios; small weights taken for zeros; nothing to store.


@scenario
def call_stored_ratio(work, weights):
    return work.stored_ratio(weights), weights


def with_zeros(shape: tuple[int, ...], kept: int, generator: torch.Generator) -> Tensor:
    count = math.prod(shape)
    values = torch.rand(count, generator=generator) * 1e-4 + 1e-5  # small, but not 0
    values *= torch.where(torch.rand(count, generator=generator) < 0.5, -1.0, 1.0)
    values[torch.randperm(count, generator=generator)[kept:]] = 0.0
    return values.view(shape)


def assert_ratio(judge: Judge, weights: dict[str, Tensor]) -> None:
    ratio, after = ask(judge, call_stored_ratio, weights=weights)
    got = real(ratio, what="stored_ratio")
    counts = [(weight.numel(), int((weight != 0).sum())) for weight in weights.values()]
    stored = sum(4 + min(4 * n, -(-n // 8) + 4 * k, 8 * k) for n, k in counts)
    want = sum(4 * n for n, _ in counts) / stored
    kept = sum(k for _, k in counts)
    guess = ""
    if kept and math.isclose(got, sum(n for n, _ in counts) / kept):
        guess = "; that counts the kept weights, but nobody can decode them without their positions"
    elif math.isclose(got, 1 / want):
        guess = "; the ratio is upside down"
    case = ", ".join(f"{k} of {n} weights kept" for n, k in counts)
    assert math.isclose(got, want, rel_tol=1e-6), (
        f"{case}: {sum(4 * n for n, _ in counts)} bytes become {stored}, expected {want:.5g}, "
        f"got {got:.5g}{guess}"
    )
    after = mapping(after, what="weights", keys=weights)
    for name, weight in weights.items():
        assert_unchanged(after[name], weight, what=f"weights ({name})")


@check(
    "stored_ratio",
    "eight weights by hand, with one, four and all of them kept",
    public=True,
    hint="More than 32 / 9 for one of eight? The position has to be stored as well.",
)
def test_stored_ratio_by_hand(judge: Judge) -> None:
    for kept in (1, 4, 8):
        assert_ratio(judge, {"weight": torch.tensor([0.5] * kept + [0.0] * (8 - kept))})


@check(
    "stored_ratio",
    "several tensors of any shape, each in its cheapest layout",
    hint="Take the minimum for each tensor, then add; a bitmask takes whole bytes.",
)
def test_stored_ratio_tensors(judge: Judge) -> None:
    for cases in (
        [((9, 7), 20)],
        [((40, 25), 3)],
        [((5, 2, 3, 3), 90)],
        [((13,), 0)],
        [((64,), 2), ((8, 8), 1), ((64,), 3)],
        [((300, 30), 200), ((10, 30), 150), ((10,), 10)],
        [((101,), 12), ((33,), 33), ((1000,), 7)],
    ):
        assert_ratio(
            judge,
            {
                f"layer{at}": with_zeros(shape, kept, judge.generator)
                for at, (shape, kept) in enumerate(cases)
            },
        )


@check(
    "stored_ratio",
    "refuses to say anything about nothing",
    points=0.5,
    hint="raise ValueError('weights is empty') before you divide.",
)
def test_stored_ratio_empty(judge: Judge) -> None:
    assert_ratio(judge, {"weight": torch.zeros(3)})
    judge.raises(call_stored_ratio, ValueError, naming="weights", weights={})


# ---- fuse_models -------------------------------------------------------------------------------------------
# Wrong: outputs added, both models kept (F17); the first alone; weights added; the first changed; no buffers;
# pairwise means; what does not fit skipped; counters averaged; the mode lost.


@scenario
def call_fuse_models(work, states, training):
    def build(state):
        if len(state) == 2:
            model = nn.Linear(state["weight"].shape[1], state["weight"].shape[0])
        else:
            model = nn.Sequential(
                nn.Conv2d(1, state["0.weight"].shape[0], 2), nn.BatchNorm2d(state["0.weight"].shape[0])
            )
        model.load_state_dict(state)
        return model.train(training)

    models = [build(state) for state in states]
    fused = work.fuse_models(models)
    after = {name: value.clone() for name, value in fused.state_dict().items()}
    mode = fused.training
    with torch.no_grad():
        for parameter in fused.parameters():
            parameter.fill_(7.0)
    return after, [dict(model.state_dict()) for model in models], mode


def random_states(
    shapes: dict[str, tuple[int, ...]], count: int, generator: torch.Generator
) -> list[dict[str, Tensor]]:
    states = [
        {name: torch.randn(shape, generator=generator) for name, shape in shapes.items()}
        for _ in range(count)
    ]
    for at, state in enumerate(states):
        if "1.running_var" in state:
            state["1.running_var"] = state["1.running_var"].abs() + 0.1
            state["1.num_batches_tracked"] = torch.tensor(10 - 3 * at)
    return states


CONV_AND_NORM = {"0.weight": (3, 1, 2, 2), "0.bias": (3,), "1.weight": (3,), "1.bias": (3,)} | {
    "1.running_mean": (3,), "1.running_var": (3,),
}  # fmt: skip


def assert_fused(judge: Judge, states: list[dict[str, Tensor]], training: bool = False) -> None:
    fused, given, mode = ask(judge, call_fuse_models, 3, states=states, training=training)
    what = "the fused model's state"
    fused = mapping(fused, what=what)
    sizes = [sum(tensor(value, what=what).numel() for value in each.values()) for each in (fused, states[0])]
    assert sizes[0] == sizes[1], (
        f"the fused model holds {sizes[0]} numbers, one of the {len(states)} given holds {sizes[1]}"
        f"{': all of them are still inside' if sizes[0] >= len(states) * sizes[1] > sizes[1] else ''}"
    )
    mapping(fused, what=what, keys=states[0])
    for name, first in states[0].items():
        value = tensor(fused[name], what=name, dtype=first.dtype, shape=first.shape)
        if first.is_floating_point():
            total = torch.stack([state[name].double() for state in states]).sum(dim=0)
            guess = " (that is the sum)" if torch.allclose(value.double(), total, atol=1e-5) else ""
            assert_close(
                value, (total / len(states)).float(), what=f"{name}, the mean of {len(states)} models{guess}"
            )
        else:
            assert torch.equal(value, first), (
                f"{name}: expected {first.item()} of the first model, got {value.item()}"
            )
    for state, after in zip(
        states, sequence(given, what="the models given", length=len(states)), strict=True
    ):
        after = mapping(after, what="a model given", keys=state)
        for name, before in state.items():
            assert_unchanged(after[name], before, what=f"models ({name})")
    assert mode is training, (
        f"the models are in {'training' if training else 'eval'} mode, the fused one is not"
    )


@check(
    "fuse_models",
    "two layers by hand: the size of one, the mean of both",
    public=True,
    hint="As large as all together? Then both still run. The mean has to be taken of the weights.",
)
def test_fuse_models_by_hand(judge: Judge) -> None:
    one = {"weight": torch.tensor([[1.0, -2.0]]), "bias": torch.tensor([0.5])}
    other = {"weight": torch.tensor([[3.0, 4.0]]), "bias": torch.tensor([-1.5])}
    assert_fused(judge, [one, other])


@check(
    "fuse_models",
    "one to four models with batch norms, in either mode, all left as they are",
    hint="Running means and variances are part of a model; counters are no weights.",
)
def test_fuse_models_norms(judge: Judge) -> None:
    for count in (1, 2, 3, 4):
        states = random_states(CONV_AND_NORM, count, judge.generator)
        assert_fused(judge, states, training=count % 2 == 1)
    assert_fused(judge, random_states({"weight": (4, 3), "bias": (4,)}, 3, judge.generator), training=True)


@check(
    "fuse_models",
    "refuses models that do not correspond",
    points=0.5,
    hint="Compare names and shapes first: raise ValueError('models must ...').",
)
def test_fuse_models_refuses(judge: Judge) -> None:
    small, large = ({"weight": (2, 3), "bias": (2,)}, {"weight": (2, 5), "bias": (2,)})
    wide = {name: (5, *shape[1:]) for name, shape in CONV_AND_NORM.items()}
    assert_fused(judge, random_states(small, 2, judge.generator))  # who refuses everything refuses too much
    for shapes in ([small, large], [small, small, large], [CONV_AND_NORM, wide], [small, CONV_AND_NORM]):
        states = [random_states(shape, 1, judge.generator)[0] for shape in shapes]
        judge.raises(call_fuse_models, ValueError, naming="models", states=states, training=False)


# ---- tests that would have caught it -----------------------------------------------------------------------
# The answer is a test here, and is itself tested with candidates: the repaired function, the other right
# answers and the wrong ones of its task. Wrong: asserts nothing; looks at the shape or the type alone; tries
# what the fault leaves right; demands what the contract leaves open; swallows every error.

ANSWERS = Path(__file__).resolve().parent.parent / "answers" / "clinic"
REFERENCE = Path(__file__).resolve().parents[2] / "shrink" / "clinic.py"


@scenario
def call_test(work, test, task, candidates):
    import functools
    import sys

    def sealed(text):
        """A function that passes calls on; no attribute, frame or traceback of it leads to the candidate."""
        space = {"__name__": "candidate"}
        exec(compile(text, "<candidate>", "exec", dont_inherit=True, optimize=2), space)

        def call(box, _):
            watching = sys.gettrace(), sys.getprofile()
            sys.settrace(None)
            sys.setprofile(None)
            try:
                box["value"] = space[task](*box["arguments"], **box["named"])
                return 1
            except BaseException as error:
                error.__cause__ = error.__context__ = None
                box["error"] = error.with_traceback(None)
                return -1
            finally:
                sys.settrace(watching[0])
                sys.setprofile(watching[1])

        key = functools.cmp_to_key(call)  # written in C: comparing keys calls it, and nothing shows it

        def candidate(*arguments, **named):
            box = {"arguments": arguments, "named": named}
            if key(box) < key(None):
                raise box["error"]
            return box["value"]

        candidate.__name__ = task
        return candidate

    examine, ends, last = getattr(work, test), [], None
    functions = [sealed(text) for text in candidates]
    candidates.clear()  # a test can read the variables of who calls it
    for function in functions:
        torch.manual_seed(0)
        try:
            examine(function)
            ends.append("")
        except BaseException as error:  # pytest's own failures are no Exception
            ends.append(f"{type(error).__name__}: {str(error)[:160]}")
            last = error
    if all(end.startswith("NotImplementedError") for end in ends):
        raise last  # the stub
    return ends


def candidates_of(task: str) -> tuple[dict[str, str], dict[str, str]]:
    """Source texts of right and of wrong implementations, each with a sentence that says what it is."""
    module = ast.parse(REFERENCE.read_text(encoding="utf-8"))
    imports = [node for node in module.body if isinstance(node, ast.Import | ast.ImportFrom)]
    own = [node for node in module.body if isinstance(node, ast.FunctionDef) and node.name == task]
    right = {"The repaired function": ast.unparse(ast.Module([*imports, *own], []))}
    wrong: dict[str, str] = {}
    for kind, found in (("twins", right), ("mutants", wrong)):
        for file in sorted((ANSWERS / kind).glob(f"{task}__*.py")):
            text = file.read_text(encoding="utf-8")
            found[ast.get_docstring(ast.parse(text)) or file.stem] = text
    return right, wrong


def assert_tells_apart(judge: Judge, task: str, only: str = "") -> float:
    """The share of wrong candidates that the learner's test refuses, times that of right ones it accepts."""
    right, wrong = candidates_of(task)
    if only:
        right = {"The repaired function": right["The repaired function"]}
        listing = (ANSWERS / "mutants" / f"{only}.py").read_text(encoding="utf-8")
        wrong = {name: text for name, text in wrong.items() if text == listing}
    texts = [*right.items(), *wrong.items()]
    order = torch.randperm(len(texts), generator=judge.generator).tolist()
    inputs: dict[str, Any] = {"test": f"test_for_{task}", "task": task}
    inputs["candidates"] = [texts[at][1] for at in order]
    got = judge.run(call_test, **inputs)
    ends = sequence(got, what="what came back from the worker", length=len(texts))
    ended = {texts[at][0]: str(end)[:200] for at, end in zip(order, ends, strict=True)}
    refused = [f"{name.rstrip('.')} ({ended[name]})" for name in right if ended[name]]
    missed = [name for name in wrong if not ended[name]]
    said = [f"{len(refused)} of {len(right)} right candidates refused: {'; '.join(refused[:2])}"] * bool(
        refused
    )
    said += [f"{len(missed)} of {len(wrong)} wrong candidates accepted: {' '.join(missed[:3])}"] * bool(
        missed
    )
    judge.remark = "; ".join(said)
    assert not only or not said, judge.remark
    return (1 - len(refused) / len(right)) * (1 - len(missed) / len(wrong))


@check(
    "test_for_prune_smallest",
    "accepts the repaired function and catches the listing",
    public=True,
    hint="Which weights are gone? A number of zeros says nothing about their places.",
)
def test_the_test_for_prune_smallest(judge: Judge) -> None:
    assert_tells_apart(judge, "prune_smallest", only="prune_smallest__keeps_the_first")


@check(
    "test_for_prune_smallest",
    "accepts right functions in any style and catches wrong ones of every kind",
    points=1.5,
    hint="A test demands everything that the contract says, and nothing else.",
)
def test_the_test_for_prune_smallest_with_all(judge: Judge) -> float:
    return assert_tells_apart(judge, "prune_smallest")


@check(
    "test_for_quantize_signed",
    "accepts the repaired function and catches the listing",
    public=True,
    hint="Give it a negative weight and compute its code by hand.",
)
def test_the_test_for_quantize_signed(judge: Judge) -> None:
    assert_tells_apart(judge, "quantize_signed", only="quantize_signed__casts_to_unsigned")


@check(
    "test_for_quantize_signed",
    "accepts right functions in any style and catches wrong ones of every kind",
    points=1.5,
    hint="A test demands everything that the contract says, and nothing else.",
)
def test_the_test_for_quantize_signed_with_all(judge: Judge) -> float:
    return assert_tells_apart(judge, "quantize_signed")


@check(
    "test_for_tempered_loss",
    "accepts the repaired function and catches the listing",
    public=True,
    hint="Compute one value by hand, at a temperature other than 1.",
)
def test_the_test_for_tempered_loss(judge: Judge) -> None:
    assert_tells_apart(judge, "tempered_loss", only="tempered_loss__temperature_on_probabilities")


@check(
    "test_for_tempered_loss",
    "accepts right functions in any style and catches wrong ones of every kind",
    points=1.5,
    hint="A test demands everything that the contract says, and nothing else.",
)
def test_the_test_for_tempered_loss_with_all(judge: Judge) -> float:
    return assert_tells_apart(judge, "tempered_loss")


@check(
    "test_for_sparse_copy",
    "accepts the repaired function and catches the listing",
    public=True,
    hint="Compare every number that stays with what it was.",
)
def test_the_test_for_sparse_copy(judge: Judge) -> None:
    assert_tells_apart(judge, "sparse_copy", only="sparse_copy__drops_weights_out")


@check(
    "test_for_sparse_copy",
    "accepts right functions in any style and catches wrong ones of every kind",
    points=1.5,
    hint="A test demands everything that the contract says, and nothing else.",
)
def test_the_test_for_sparse_copy_with_all(judge: Judge) -> float:
    return assert_tells_apart(judge, "sparse_copy")


@check(
    "test_for_round_weights_",
    "accepts the repaired function and catches the listing",
    public=True,
    hint="Compare the weights after rounding with the levels that they may take.",
)
def test_the_test_for_round_weights(judge: Judge) -> None:
    assert_tells_apart(judge, "round_weights_", only="round_weights___writes_the_codes_back")


@check(
    "test_for_round_weights_",
    "accepts right functions in any style and catches wrong ones of every kind",
    points=1.5,
    hint="A test demands everything that the contract says, and nothing else.",
)
def test_the_test_for_round_weights_with_all(judge: Judge) -> float:
    return assert_tells_apart(judge, "round_weights_")


@check(
    "test_for_stored_ratio",
    "accepts the repaired function and catches the listing",
    public=True,
    hint="Add up the bytes of a small tensor by hand, positions included.",
)
def test_the_test_for_stored_ratio(judge: Judge) -> None:
    assert_tells_apart(judge, "stored_ratio", only="stored_ratio__counts_the_kept")


@check(
    "test_for_stored_ratio",
    "accepts right functions in any style and catches wrong ones of every kind",
    points=1.5,
    hint="A test demands everything that the contract says, and nothing else.",
)
def test_the_test_for_stored_ratio_with_all(judge: Judge) -> float:
    return assert_tells_apart(judge, "stored_ratio")
