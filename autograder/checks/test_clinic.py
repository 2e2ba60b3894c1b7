"""The judgement of the clinic: repaired functions, and tests that would have caught the fault.

What a contract leaves open is not judged: how ties break, what happens outside the stated ranges, whether a
result shares memory with nothing or with an intermediate. A worker's answer is unpacked by `ask`, `sequence`
and `tensor` alone: a forged one is a bad return.
"""

# mypy: allow-untyped-defs, no-check-untyped-defs
# Scenarios travel as source text into a worker that has no typing names.

from typing import Any

import torch
from torch import Tensor

from autograder.task import (
    Judge,
    Scenario,
    check,
    scenario,
    sequence,
    tensor,
)

EXPLAINED_IN = {  # task -> section of a lesson
    "prune_smallest": "pruning#3 By hand",
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
    guess = "; sparsity is the part that goes" if int(gone.sum()) == count - expected != expected else ""
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
