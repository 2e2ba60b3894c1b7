"""The judgement of the distillation room: every task with the ways to be wrong that its checks look for.

Expected values come from formulas in float64, not from the learner's arithmetic: any order of operations
passes. What the contract leaves open is not judged: temperatures or alphas out of range where it names no
range, logits of other than two dimensions, attention of all-zero features, whether `distill_` puts the
student into train mode (it is in it already) or repairs the teacher behind an error. A worker's answer is
unpacked by `ask`, `mapping` and `tensor` alone: a forged one is a bad return.
"""

# mypy: allow-untyped-defs, no-check-untyped-defs
# Scenarios travel as source text into a worker that has no typing names.

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from autograder.mnist import mnist_test
from autograder.task import (
    Judge,
    Scenario,
    assert_close,
    check,
    describe,
    mapping,
    real,
    scenario,
    sequence,
    tensor,
)

EXPLAINED_IN = {  # task -> section of the lesson
    "soft_targets": "3 By hand",
    "distillation_loss": "3 By hand",
    "ensemble_targets": "5 Experiment",
    "temperature_at": "5 Experiment",
    "attention_map": "5 Experiment",
    "attention_loss": "5 Experiment",
    "hint_loss": "5 Experiment",
    "distill_": "4 Build",
    "distil_in_budget": "5 Experiment",
}
LN3, LN4 = math.log(3), math.log(4)


def ask(judge: Judge, scenario: Scenario, count: int = 2, **inputs: Any) -> list[Any]:
    """The `count` values that a scenario returns, taken apart."""
    return sequence(judge.run(scenario, **inputs), what="what came back from the worker", length=count)


def assert_unchanged(got: object, before: Tensor, *, what: str) -> None:
    after = tensor(got, what=what, dtype=before.dtype, shape=before.shape)
    assert torch.equal(after, before), f"the argument {what} was changed; work on a copy"


def assert_float(
    value: object,
    want: Tensor,
    *,
    what: str,
    mistakes: Mapping[str, Tensor] | None = None,
    rtol: float = 1e-4,
    atol: float = 1e-5,
) -> None:
    """A float32 tensor of the shape and the values of `want`; a known wrong value is called by its name."""
    shape = want.shape
    got = tensor(value, what=what, dtype=torch.float32, shape=shape)
    nans = int(got.isnan().sum())
    assert nans == 0, f"{what}: {nans} of {got.numel()} entries are NaN" if got.dim() else f"{what}: NaN"
    for sentence, wrong in (mistakes or {}).items():
        same = wrong.shape == shape and torch.allclose(got.double(), wrong.double(), rtol, atol)
        differs = not torch.allclose(want.double(), wrong.double(), rtol, atol)
        assert not (same and differs), f"{what}: {sentence}{numbers(got, want)}"
    assert_close(got, want.float(), what=what, rtol=rtol, atol=atol)


def numbers(got: Tensor, want: Tensor) -> str:
    """' (expected 0.5, got 0.4)' for a scalar."""
    return "" if got.dim() else f" (expected {want.item():.5g}, got {got.item():.5g})"


def softened(logits: Tensor, temperature: float) -> Tensor:
    return torch.softmax(logits.double() / temperature, dim=-1)


def divergence(first: Tensor, second: Tensor, temperature: float = 1.0) -> Tensor:
    """KL(first || second) of each row of softened logits, in float64."""
    p = torch.log_softmax(first.double() / temperature, dim=-1)
    q = torch.log_softmax(second.double() / temperature, dim=-1)
    return (p.exp() * (p - q)).sum(dim=-1)


# ---- soft_targets ------------------------------------------------------------------------------------------
# Wrong: the temperature applied to probabilities (F8), or multiplied; over the batch instead of the classes;
# logarithms returned; no maximum subtracted, so that exp overflows; the temperature ignored, or rounded to an
# integer; accepts a temperature of 0 or below; changes the logits.


@scenario
def call_soft_targets(work, logits, temperature, transposed=False):
    logits = logits.T if transposed else logits
    targets = work.soft_targets(logits, temperature)
    return targets.detach() if isinstance(targets, torch.Tensor) else targets, logits


def soft_target_mistakes(logits: Tensor, temperature: float) -> dict[str, Tensor]:
    probabilities = softened(logits, 1.0)
    return {
        "the temperature divides probabilities, not logits, and a second softmax follows": softened(
            probabilities, temperature
        ),
        "these are the probabilities at temperature 1; T divides the logits, before softmax": probabilities,
        "the logits are multiplied by the temperature, not divided": softened(logits, 1 / temperature),
        "these are logarithms of probabilities": softened(logits, temperature).log(),
        "each class sums to 1 over the batch, it should be each row over the classes": softened(
            logits.T, temperature
        ).T,
    }


@check(
    "soft_targets",
    "three temperatures by hand",
    public=True,
    hint="All targets nearly equal? Divide the logits by T, then take one softmax, not a softmax of one.",
)
def test_soft_targets_by_hand(judge: Judge) -> None:
    logits = torch.tensor([[2 * LN3, 0.0], [0.0, 0.0]])
    for temperature, want in ((2.0, [0.75, 0.25]), (1.0, [0.9, 0.1]), (0.5, [81 / 82, 1 / 82])):
        targets, _ = ask(judge, call_soft_targets, logits=logits, temperature=temperature)
        assert_float(
            targets,
            torch.tensor([want, [0.5, 0.5]]),
            what=f"soft_targets of [[2 ln 3, 0], [0, 0]] at temperature {temperature:g}",
            mistakes=soft_target_mistakes(logits, temperature),
        )


@check(
    "soft_targets",
    "batches of any size and memory layout, any temperature, the logits left as they are",
    hint="Rows do not sum to 1? The softmax runs over the last dimension, the classes.",
)
def test_soft_targets_batches(judge: Judge) -> None:
    for shape, temperature in (
        ((5, 10), 4.0),
        ((3, 7), 2.5),
        ((1, 4), 0.7),
        ((6, 1), 3.0),
        ((2, 100), 20.0),
        ((0, 10), 4.0),
    ):
        logits = 5 * torch.randn(shape, generator=judge.generator)
        for transposed in (False, True):
            seen = logits.T if transposed else logits
            if 0 in seen.shape[1:]:
                continue  # no classes
            targets, after = ask(
                judge, call_soft_targets, logits=logits, temperature=temperature, transposed=transposed
            )
            assert_float(
                targets,
                softened(seen, temperature),
                what=f"soft_targets of {tuple(seen.shape)} logits at temperature {temperature:g}",
                mistakes=soft_target_mistakes(seen, temperature),
            )
            assert_unchanged(after, seen, what="logits")


@check(
    "soft_targets",
    "large logits and low temperatures stay finite",
    points=0.5,
    hint="NaN? exp() of a large number overflows; torch.softmax subtracts the largest logit first.",
)
def test_soft_targets_extremes(judge: Judge) -> None:
    cases = (
        ([[500.0, 499.0, -500.0]], 1.0),
        ([[-500.0, -501.0, -502.0]], 1.0),
        ([[12.0, 11.9, 0.0]], 0.1),
        ([[3.0, -3.0, 0.0]], 1e4),
    )
    for values, temperature in cases:
        logits = torch.tensor(values)
        targets, _ = ask(judge, call_soft_targets, logits=logits, temperature=temperature)
        assert_float(
            targets,
            softened(logits, temperature),
            what=f"soft_targets of {values[0]} at temperature {temperature:g}",
            rtol=1e-3,
        )


@check(
    "soft_targets",
    "refuses a temperature that is not above 0",
    points=0.5,
    hint="raise ValueError(f'temperature must ...')",
)
def test_soft_targets_range(judge: Judge) -> None:
    logits = torch.tensor([[1.0, 2.0]])
    judge.run(call_soft_targets, logits=logits, temperature=0.5)  # who refuses everything refuses too much
    for temperature in (0.0, -1.0):
        judge.raises(
            call_soft_targets, ValueError, naming="temperature", logits=logits, temperature=temperature
        )


# ---- distillation_loss -------------------------------------------------------------------------------------
# Wrong: KL with its arguments exchanged, or probabilities where log-probabilities belong (F7); the
# temperature on probabilities, T^2 left out, T instead of T^2, T^2 on the cross-entropy or on both (F8); the
# teacher compared with the labels, so that the student gets no gradient from it (F9); the mean over entries
# instead of rows (reduction='mean'), or the sum; alpha exchanged, or on one term alone; cross-entropy of the
# softened student, or of probabilities; cross-entropy for KL (another value, though the same gradient);
# squared difference of logits for KL; gradient to the teacher; the student detached; 0 * log 0 = NaN.


@scenario
def call_distillation_loss(work, student, teacher, labels, knobs):
    student = student.clone().requires_grad_()
    teacher = teacher.clone().requires_grad_()
    before = student.detach().clone(), teacher.detach().clone(), labels.clone()
    loss = work.distillation_loss(student, teacher, labels, **knobs)
    if not isinstance(loss, torch.Tensor):
        return loss, None, None, True
    if loss.requires_grad and loss.numel() == 1:
        loss.sum().backward()
    after = student.detach(), teacher.detach(), labels
    same = all(torch.equal(one, other) for one, other in zip(before, after, strict=True))
    return loss.detach(), student.grad, teacher.grad, same


def loss_of(student: Tensor, teacher: Tensor, labels: Tensor, T: float, alpha: float) -> Tensor:  # noqa: N803
    labelled = F.cross_entropy(student.double(), labels)
    return alpha * T**2 * divergence(teacher, student, T).mean() + (1 - alpha) * labelled


def loss_mistakes(
    student: Tensor,
    teacher: Tensor,
    labels: Tensor,
    T: float,  # noqa: N803
    alpha: float,
) -> dict[str, Tensor]:
    rows = divergence(teacher, student, T)
    labelled = F.cross_entropy(student.double(), labels)
    stray = F.cross_entropy(teacher.double() / T, labels)
    p, q = softened(teacher, T), softened(student, T)
    probabilities = softened(softened(teacher, 1.0), T), softened(softened(student, 1.0), T)
    twice = (probabilities[0] * (probabilities[0].log() - probabilities[1].log())).sum(dim=1).mean()
    hard, soft = (1 - alpha) * labelled, alpha * T**2 * rows.mean()
    classes, count = student.shape[1], len(labels)
    return {
        "the factor T^2 is missing": alpha * rows.mean() + hard,
        "the factor is T, not T^2": alpha * T * rows.mean() + hard,
        "the factor T^2 stands at the cross-entropy": alpha * rows.mean() + T**2 * hard,
        "the factor T^2 stands at both terms": T**2 * (alpha * rows.mean() + hard),
        "KL has its arguments exchanged, it should be KL(teacher || student)": alpha
        * T**2
        * divergence(student, teacher, T).mean()
        + hard,
        "KL got probabilities where it wants log-probabilities of the student": alpha
        * T**2
        * (p * (p.log() - q)).sum(dim=1).mean()
        + hard,
        "KL is the mean over all entries (reduction='mean'), it should be over the batch ('batchmean')": soft
        / classes
        + hard,
        "KL is a sum over the batch, it should be the mean": soft * count + hard,
        "cross-entropy is a sum over the batch, it should be the mean": soft + hard * count,
        "both terms are sums over the batch, they should be means": (soft + hard) * count,
        "alpha and 1 - alpha are exchanged": (1 - alpha) * T**2 * rows.mean() + alpha * labelled,
        "alpha stands at the teacher's term alone, the labels get 1 - alpha": soft + labelled,
        "1 - alpha is missing or alpha stands at no term": T**2 * rows.mean() + labelled,
        "the cross-entropy is that of the softened student, it should be at T = 1": soft
        + (1 - alpha) * F.cross_entropy(student.double() / T, labels),
        "the cross-entropy got probabilities, it wants logits": soft
        + (1 - alpha) * F.cross_entropy(softened(student, 1.0), labels),
        "the temperature is applied to probabilities, it belongs to the logits": alpha * T**2 * twice + hard,
        "the teacher's term is a cross-entropy, it lacks the teacher's own entropy": alpha
        * T**2
        * -(p * q.log()).sum(dim=1).mean()
        + hard,
        "the teacher is compared with the labels, not with the student": alpha * T**2 * stray + hard,
        "the sign of KL is turned": hard - soft,
        "the temperature is ignored": alpha * divergence(teacher, student).mean() + hard,
    }


def assert_loss(
    judge: Judge, student: Tensor, teacher: Tensor, labels: Tensor, *, what: str, **knobs: float
) -> None:
    """Value and gradient; the gradient is alpha * T * (q - p) / N + (1 - alpha) * (softmax - onehot) / N."""
    T, alpha = knobs.get("temperature", 4.0), knobs.get("alpha", 0.9)  # noqa: N806
    inputs: dict[str, Any] = {"student": student, "teacher": teacher, "labels": labels, "knobs": knobs}
    loss, at_student, at_teacher, same = ask(judge, call_distillation_loss, 4, **inputs)
    close = {"rtol": 2e-4, "atol": 2e-6 * (1 + T**2)}  # T^2 times the rounding of KL
    wrong = loss_mistakes(student, teacher, labels, T, alpha)
    assert_float(loss, loss_of(student, teacher, labels, T, alpha), what=what, mistakes=wrong, **close)
    onehot = F.one_hot(labels, student.shape[1]).double()
    soft = alpha * T * (softened(student, T) - softened(teacher, T))
    want = (soft + (1 - alpha) * (softened(student, 1.0) - onehot)) / len(labels)
    gradient = f"the student's gradient of {what}"
    assert isinstance(at_student, Tensor), (
        f"{gradient}: none reaches the student's logits; do not detach them"
    )
    part = {"only the labels' term has one": want - soft / len(labels)}
    assert_float(at_student, want, what=gradient, mistakes=part if soft.abs().max() > 1e-3 else {}, atol=1e-5)
    leaked = isinstance(at_teacher, Tensor) and bool(at_teacher.count_nonzero())
    assert not leaked, f"{what}: a gradient reaches the teacher's logits; detach them"
    assert same is True, f"{what}: an argument was changed; work on copies"


@check(
    "distillation_loss",
    "two images by hand",
    public=True,
    hint="Too small by T^2? By the number of classes? F.kl_div(log q, p, reduction='batchmean') * T^2.",
)
def test_distillation_loss_by_hand(judge: Judge) -> None:
    # Softened at T = 3: teacher (3/4, 1/4) and (1/2, 1/2), student (1/2, 1/2) and (1/5, 4/5).
    teacher = torch.tensor([[3 * LN3, 0.0], [0.0, 0.0]])
    student = torch.tensor([[0.0, 0.0], [0.0, 3 * LN4]])
    labels = torch.tensor([0, 1])
    loss, *_ = ask(
        judge,
        call_distillation_loss,
        4,
        student=student,
        teacher=teacher,
        labels=labels,
        knobs={"temperature": 3.0, "alpha": 0.8},
    )
    # KL is 0.130812 and 0.223144, cross-entropy ln 2 and ln 65/64: 0.8 * 9 * 0.176978 + 0.2 * 0.354326
    assert_float(
        loss,
        torch.tensor(1.345105),
        what="distillation_loss of two images at T = 3, alpha = 0.8",
        mistakes=loss_mistakes(student, teacher, labels, 3.0, 0.8),
    )


@check(
    "distillation_loss",
    "value and gradient for batches, temperatures and alphas",
    points=2,
    hint="The value is right and the gradient is not? The student's logits must not be detached.",
)
def test_distillation_loss_batches(judge: Judge) -> None:
    cases = (
        (1, 2, 1.0, 0.5),
        (4, 3, 2.0, 0.25),
        (8, 10, 4.0, 0.9),
        (5, 10, 0.5, 0.6),
        (3, 40, 12.0, 0.7),
    )
    for count, classes, temperature, alpha in cases:
        student, teacher = (4 * torch.randn(count, classes, generator=judge.generator) for _ in range(2))
        labels = torch.randint(classes, (count,), generator=judge.generator)
        what = f"distillation_loss of {count} x {classes} logits at T = {temperature:g}, alpha = {alpha:g}"
        knobs = {"temperature": temperature, "alpha": alpha}
        assert_loss(judge, student, teacher, labels, what=what, **knobs)


@check(
    "distillation_loss",
    "alpha 0 is cross-entropy, alpha 1 the teacher alone; T is 4 and alpha 0.9 if nobody says otherwise",
    hint="alpha is the teacher's share: at alpha = 1 the labels do not matter.",
)
def test_distillation_loss_ends(judge: Judge) -> None:
    student, teacher = (3 * torch.randn(6, 5, generator=judge.generator) for _ in range(2))
    labels = torch.randint(5, (6,), generator=judge.generator)
    ends: tuple[dict[str, float], ...] = (
        {"temperature": 3.0, "alpha": 0.0},
        {"temperature": 3.0, "alpha": 1.0},
        {},
    )
    for knobs in ends:
        named = ", ".join(f"{name} = {value:g}" for name, value in knobs.items()) or "its defaults"
        assert_loss(judge, student, teacher, labels, what=f"distillation_loss with {named}", **knobs)


@check(
    "distillation_loss",
    "a student that agrees with its teacher, and a teacher that is certain",
    points=0.5,
    hint="NaN? A probability of 0 counts nothing: 0 * log 0 = 0; F.kl_div and log_softmax know that.",
)
def test_distillation_loss_extremes(judge: Judge) -> None:
    same = 3 * torch.randn(4, 6, generator=judge.generator)
    labels = torch.randint(6, (4,), generator=judge.generator)
    what = "distillation_loss of a student that agrees with its teacher, up to a constant, with alpha = 1"
    assert_loss(judge, same, same + 2.0, labels, what=what, alpha=1.0)
    certain = torch.tensor([[200.0, 0.0, -200.0], [0.0, 0.0, 0.0]])
    student = torch.tensor([[2.0, 1.0, 0.0], [0.0, 1.0, 3.0]])
    what = "distillation_loss with a teacher's logits of 200, 0 and -200 at T = 1"
    assert_loss(judge, student, certain, torch.tensor([0, 2]), what=what, temperature=1.0, alpha=0.5)


# ---- ensemble_targets --------------------------------------------------------------------------------------
# Wrong: the softmax of the mean logits; weights not normalised, or normalised by their number, or by a
# softmax; weights ignored; the first teacher alone; the temperature on the mean, or nowhere; a geometric
# mean; weights needed; all teachers stacked in the result; sums over teachers.


@scenario
def call_ensemble_targets(work, logits, temperature, weights):
    before = [value.clone() for value in logits], list(weights or [])
    if weights is None:
        targets = work.ensemble_targets(logits, temperature)
    else:
        targets = work.ensemble_targets(logits, temperature, weights=weights)
    same = len(logits) == len(before[0]) and list(weights or []) == before[1]
    same = same and all(torch.equal(one, other) for one, other in zip(logits, before[0], strict=True))
    return targets.detach() if isinstance(targets, torch.Tensor) else targets, same


def joined(logits: list[Tensor], temperature: float, weights: list[float] | None) -> Tensor:
    used = torch.tensor([1.0] * len(logits) if weights is None else weights, dtype=torch.float64)
    each = torch.stack([softened(value, temperature) for value in logits])
    mean: Tensor = torch.tensordot(used / used.sum(), each, dims=1)
    return mean


def ensemble_mistakes(
    logits: list[Tensor], temperature: float, weights: list[float] | None
) -> dict[str, Tensor]:
    used = torch.tensor([1.0] * len(logits) if weights is None else weights, dtype=torch.float64)
    share = used / used.sum()
    raw = torch.stack(logits).double()
    each = torch.stack([softened(value, temperature) for value in logits])
    total = torch.tensordot(used, each, dims=1)
    return {
        "it is the mean of the logits, softened (or a geometric mean); soften each teacher first": softened(
            torch.tensordot(share, raw, dims=1), temperature
        ),
        "the weights are not normalised": total,
        "the weights are divided by the number of teachers, not by their sum": total / len(logits),
        "the weights went through a softmax; they are divided by their sum": torch.tensordot(
            used.softmax(dim=0), each, dims=1
        ),
        "the weights are ignored": each.mean(dim=0),
        "the temperature is ignored": torch.tensordot(share, softened(raw, 1.0), dims=1),
        "it softens the mean of the probabilities a second time": softened(
            torch.tensordot(share, softened(raw, 1.0), dims=1), temperature
        ),
        "only the first teacher counts": each[0],
        "only the last teacher counts": each[-1],
    }


def assert_ensemble(
    judge: Judge, logits: list[Tensor], temperature: float, weights: list[float] | None, *, what: str
) -> None:
    got, same = ask(judge, call_ensemble_targets, logits=logits, temperature=temperature, weights=weights)
    wrong = ensemble_mistakes(logits, temperature, weights)
    assert_float(got, joined(logits, temperature, weights), what=what, mistakes=wrong)
    assert same is True, f"{what}: teacher_logits or weights were changed; work on copies"


@check(
    "ensemble_targets",
    "two teachers by hand",
    public=True,
    hint="Soften each teacher first, then take the mean of the distributions, not of the logits.",
)
def test_ensemble_targets_by_hand(judge: Judge) -> None:
    # Softened at T = 2: (3/4, 1/4) and (1/5, 4/5).
    logits = [torch.tensor([[2 * LN3, 0.0]]), torch.tensor([[0.0, 2 * LN4]])]
    for weights, want in ((None, [[0.475, 0.525]]), ([3.0, 1.0], [[0.6125, 0.3875]])):
        got, _ = ask(judge, call_ensemble_targets, logits=logits, temperature=2.0, weights=weights)
        what = f"ensemble_targets of (3/4, 1/4) and (1/5, 4/5) with weights {weights}"
        assert_float(got, torch.tensor(want), what=what, mistakes=ensemble_mistakes(logits, 2.0, weights))


@check(
    "ensemble_targets",
    "one to five teachers, weights of any sum, the arguments left as they are",
    points=1.5,
    hint="Rows that do not sum to 1? Divide the weights by their sum.",
)
def test_ensemble_targets_many(judge: Judge) -> None:
    generator = judge.generator
    for count, shape, temperature in (
        (3, (4, 10), 4.0),
        (1, (3, 5), 2.0),
        (2, (1, 3), 0.8),
        (5, (2, 4), 1.0),
    ):
        logits = [4 * torch.randn(shape, generator=generator) for _ in range(count)]
        drawn = (0.25 + 3 * torch.rand(count, generator=generator)).tolist()
        for weights in (None, drawn, [weight * 0.01 for weight in drawn]):
            what = f"ensemble_targets of {count} teacher(s) at T = {temperature:g}, weights {short(weights)}"
            assert_ensemble(judge, logits, temperature, weights, what=what)


@check(
    "ensemble_targets",
    "a weight of 0, whole-number weights, teachers that agree, large logits",
    points=0.5,
    hint="A teacher of weight 0 has no say; whole numbers are weights too.",
)
def test_ensemble_targets_edges(judge: Judge) -> None:
    logits = [4 * torch.randn(3, 4, generator=judge.generator) for _ in range(3)]
    assert_ensemble(judge, logits, 3.0, [0.0, 2.0, 0.0], what="ensemble_targets with weights [0, 2, 0]")
    assert_ensemble(judge, logits, 3.0, [1, 2, 5], what="ensemble_targets with weights [1, 2, 5]")
    same = [logits[0]] * 3
    assert_ensemble(judge, same, 3.0, None, what="ensemble_targets of one teacher given three times")
    large = [torch.tensor([[300.0, 0.0, -300.0]]), torch.tensor([[0.0, 299.0, 300.0]])]
    assert_ensemble(judge, large, 1.0, [1.0, 3.0], what="ensemble_targets of logits up to 300 at T = 1")


def short(weights: list[float] | None) -> str:
    return "None" if weights is None else f"[{', '.join(f'{weight:.3g}' for weight in weights)}]"


# ---- temperature_at ----------------------------------------------------------------------------------------
# Wrong: the wrong way round; a straight line; a whole wave; a quarter wave (cos up to pi / 2); not held
# behind `total`, so that it rises again; one step late (total - 1); degrees; whole-number division; a
# geometric path; a tensor.


@scenario
def call_temperature_at(work, steps, total, start, end):
    return [work.temperature_at(step, total=total, start=start, end=end) for step in steps]


def assert_temperatures(judge: Judge, steps: list[int], total: int, start: float, end: float) -> None:
    got = judge.run(call_temperature_at, steps=steps, total=total, start=start, end=end)
    values = sequence(got, what="the temperatures", length=len(steps))
    for step, value in zip(steps, values, strict=True):
        case = f"temperature_at({step}, total={total}, start={start:g}, end={end:g})"
        got = real(value, what=case)
        part = min(step / total, 1.0)
        want = end + (start - end) * (1 + math.cos(math.pi * part)) / 2
        wave = (1 + math.cos(math.pi * step / total)) / 2
        mistakes = {
            "it runs from end to start": start + (end - start) * (1 + math.cos(math.pi * part)) / 2,
            "a straight line": start + (end - start) * part,
            "a quarter of a wave; cos runs up to pi": end + (start - end) * math.cos(math.pi * part / 2),
            "not held behind total": end + (start - end) * wave,
            "a whole wave": end + (start - end) * (1 + math.cos(2 * math.pi * part)) / 2,
            "the cosine of degrees": end + (start - end) * (1 + math.cos(math.radians(math.pi * part))) / 2,
            "a geometric path": start * (end / start) ** part,
            "one step ahead: total steps, not total - 1": end
            + (start - end) * (1 + math.cos(math.pi * min(step / max(total - 1, 1), 1))) / 2,
        }
        close = math.isclose(got, want, rel_tol=1e-5, abs_tol=1e-6)
        known = [name for name, wrong in mistakes.items() if math.isclose(got, wrong, rel_tol=1e-5)]
        told = f" (that is {known[0]})" if known and not close else ""
        assert close, f"{case}: expected {want:.6g}, got {got:.6g}{told}"


@check(
    "temperature_at",
    "five steps by hand",
    public=True,
    hint="Half a wave: (1 + cos(pi * step / total)) / 2 falls from 1 to 0.",
)
def test_temperature_at_by_hand(judge: Judge) -> None:
    steps = [0, 1, 2, 4, 6]
    got = judge.run(call_temperature_at, steps=steps, total=6, start=9.0, end=1.0)
    values = sequence(got, what="the temperatures", length=5)
    half = math.sqrt(3) / 2
    for step, value, want in zip(steps, values, (9.0, 5 + 4 * half, 7.0, 3.0, 1.0), strict=True):
        case = f"temperature_at({step}, total=6, start=9, end=1)"
        number = real(value, what=case)
        assert math.isclose(number, want, rel_tol=1e-5), f"{case}: expected {want:.5g}, got {number:.5g}"


@check(
    "temperature_at",
    "falling, rising and constant schedules",
    hint="start is the temperature of step 0, whichever of the two is larger.",
)
def test_temperature_at_many(judge: Judge) -> None:
    for total, start, end in ((100, 8.0, 1.0), (7, 1.0, 5.0), (40, 4.0, 4.0), (3, 20.0, 0.5)):
        assert_temperatures(judge, list(range(0, total + 1, max(1, total // 10))), total, start, end)
    drawn = 1 + 9 * torch.rand(2, generator=judge.generator)
    assert_temperatures(judge, [0, 5, 11, 12, 13], 13, float(drawn[0]), float(drawn[1]))


@check(
    "temperature_at",
    "stays at the end once it is there",
    points=0.5,
    hint="A cosine rises again behind pi: from step total on the answer is end.",
)
def test_temperature_at_behind(judge: Judge) -> None:
    assert_temperatures(judge, [9, 10, 11, 15, 20, 1000], 10, 6.0, 2.0)
    assert_temperatures(judge, [0, 1, 2], 1, 6.0, 2.0)


# ---- attention_map -----------------------------------------------------------------------------------------
# Wrong: no square, or absolute values; no normalisation, or to a sum of 1, or to a maximum of 1, or over
# the whole batch; one map a channel; the mean over positions instead of channels; a map (N, H, W) instead of
# rows; column-major; a softmax; view() on channels-last features; a large epsilon that swallows small ones.


@scenario
def call_attention_map(work, features, channels_last=False):
    if channels_last:
        features = features.to(memory_format=torch.channels_last)
    map = work.attention_map(features)
    return map.detach() if isinstance(map, torch.Tensor) else map, features


def maps(features: Tensor) -> Tensor:
    energy = features.double().square().mean(dim=1).flatten(1)
    norm: Tensor = torch.linalg.vector_norm(energy, dim=1, keepdim=True)
    return energy / norm


def map_mistakes(features: Tensor) -> dict[str, Tensor]:
    values = features.double()
    energy, size = values.square().mean(dim=1).flatten(1), values.abs().mean(dim=1).flatten(1)
    plain = values.mean(dim=1).flatten(1)
    return {
        "the rows are not divided by their L2 norm": energy,
        "the rows are not divided by their L2 norm, and the channels are summed": energy * features.shape[1],
        "each row is divided by its sum, not by its L2 norm": energy / energy.sum(dim=1, keepdim=True),
        "each row is divided by its largest value, not by its L2 norm": energy / energy.amax(1, keepdim=True),
        "all rows are divided by one norm, each has its own": energy / energy.norm(),
        "it takes magnitudes, not squares": size / size.norm(dim=1, keepdim=True),
        "it takes the mean of the channels, where signs cancel; square first": plain
        / plain.norm(dim=1, keepdim=True),
        "it squares the mean of the channels; square first": plain.square()
        / plain.square().norm(dim=1, keepdim=True),
        "each position's maximum over the channels, not the mean": (
            values.square().amax(dim=1).flatten(1)
            / values.square().amax(dim=1).flatten(1).norm(dim=1, keepdim=True)
        ),
        "a softmax took the place of the L2 norm": energy.softmax(dim=1),
        "each row is divided by its squared norm": energy / energy.square().sum(dim=1, keepdim=True),
        "positions run down the columns, they should run along the rows": maps(features.transpose(2, 3)),
    }


@check(
    "attention_map",
    "two channels by hand",
    public=True,
    hint="Square, then the mean over channels (dim 1), flatten, then divide each row by its L2 norm.",
)
def test_attention_map_by_hand(judge: Judge) -> None:
    # Mean squares (1 + 5) / 2 = 3, 0, 0 and 4 in the first image: norm 5.
    root = math.sqrt(5.0)
    features = torch.tensor(
        [
            [[[1.0, 0.0], [0.0, -2.0]], [[-root, 0.0], [0.0, 2.0]]],
            [[[0.0, 7.0], [0.0, 0.0]], [[0.0, 0.0], [0.0, 0.0]]],
        ]
    )
    got, _ = ask(judge, call_attention_map, features=features)
    want = torch.tensor([[0.6, 0.0, 0.0, 0.8], [0.0, 1.0, 0.0, 0.0]])
    assert_float(
        got, want, what="attention_map of two 2x2 images with 2 channels", mistakes=map_mistakes(features)
    )


@check(
    "attention_map",
    "any size and memory layout, the features left as they are",
    hint="'view size is not compatible'? Features in channels-last order need flatten() or reshape().",
)
def test_attention_map_sizes(judge: Judge) -> None:
    for shape in ((3, 4, 5, 2), (1, 8, 3, 6), (4, 1, 2, 3), (2, 3, 1, 7), (5, 2, 1, 1), (2, 32, 8, 8)):
        features = torch.randn(shape, generator=judge.generator)
        for channels_last in (False, True):
            got, after = ask(judge, call_attention_map, features=features, channels_last=channels_last)
            what = f"attention_map of {shape} features"
            assert_float(got, maps(features), what=what, mistakes=map_mistakes(features))
            assert_unchanged(after, features, what="features")


@check(
    "attention_map",
    "features of any scale give the same map",
    points=0.5,
    hint="The map has length 1 whatever the scale: divide by the norm itself, add nothing to it.",
)
def test_attention_map_scale(judge: Judge) -> None:
    features = torch.randn(2, 3, 4, 4, generator=judge.generator)
    for factor in (1e-4, 1e-2, 1e4):
        scaled = features * factor
        got, _ = ask(judge, call_attention_map, features=scaled)
        what = f"attention_map of features around {factor:g}"
        assert_float(got, maps(scaled), what=what, mistakes=map_mistakes(scaled), rtol=1e-3)


# ---- attention_loss ----------------------------------------------------------------------------------------
# Wrong: the sum over the batch; the mean over positions too; the distance without its square; features
# compared instead of maps; maps that are not normalised; the student detached; one channel picked; sizes made
# to agree by resizing or pooling.
# Not judged: a gradient that reaches the teacher, sizes of equal area such as 2x8 and 4x4, 1x1 features that
# broadcast, which exception says that the sizes differ.


@scenario
def call_attention_loss(work, student, teacher):
    student = student.clone().requires_grad_()
    before = student.detach().clone(), teacher.clone()
    loss = work.attention_loss(student, teacher)
    if not isinstance(loss, torch.Tensor):
        return loss, None, True
    if loss.requires_grad and loss.numel() == 1:
        loss.sum().backward()
    same = torch.equal(before[0], student.detach()) and torch.equal(before[1], teacher)
    return loss.detach(), student.grad, same


def attention_mistakes(student: Tensor, teacher: Tensor) -> dict[str, Tensor]:
    difference = maps(student) - maps(teacher)
    rows = difference.square().sum(dim=1)
    raw = student.double().square().mean(1).flatten(1), teacher.double().square().mean(1).flatten(1)
    wrong = {
        "the sum over the batch, it should be the mean": rows.sum(),
        "the mean over the positions too, it should be their sum": difference.square().mean(),
        "the L2 distance itself, it should be its square": rows.sqrt().mean(),
        "the distance of the maps over the whole batch": rows.sum().sqrt(),
        "the mean of absolute differences": difference.abs().sum(dim=1).mean(),
        "the maps are not normalised": (raw[0] - raw[1]).square().sum(dim=1).mean(),
        "half the squared distance": rows.mean() / 2,
    }
    if student.shape == teacher.shape:
        wrong["it compares features, not their maps"] = F.mse_loss(student.double(), teacher.double())
    return wrong


def assert_attention(judge: Judge, student: Tensor, teacher: Tensor, *, what: str) -> None:
    loss, gradient, same = ask(judge, call_attention_loss, 3, student=student, teacher=teacher)
    leaf = student.double().requires_grad_()
    want = (maps(leaf) - maps(teacher)).square().sum(dim=1).mean()
    (expected,) = torch.autograd.grad(want, leaf)
    assert_float(loss, want.detach(), what=what, mistakes=attention_mistakes(student, teacher))
    assert isinstance(gradient, Tensor), f"{what}: no gradient reaches the student's features"
    assert_float(gradient, expected, what=f"the student's gradient of {what}", rtol=1e-3)
    assert same is True, f"{what}: the features were changed; work on copies"


@check(
    "attention_loss",
    "two images by hand",
    public=True,
    hint="Squared differences: sum over the positions, mean over the images.",
)
def test_attention_loss_by_hand(judge: Judge) -> None:
    # Maps: student (1, 0, 0) and (0.6, 0.8, 0), teacher (0, 1, 0) and (0.8, 0.6, 0): squares 2 and 0.08.
    student = torch.tensor([[[[3.0, 0.0, 0.0]]], [[[math.sqrt(3.0), 2.0, 0.0]]]])
    teacher = torch.tensor(
        [[[[0.0, 1.0, 0.0]], [[0.0, 5.0, 0.0]]], [[[2.0, 0.0, 0.0]], [[2.0, math.sqrt(6.0), 0.0]]]]
    )
    loss, *_ = ask(judge, call_attention_loss, 3, student=student, teacher=teacher)
    what = "attention_loss of maps with squared distances 2 and 0.08"
    assert_float(loss, torch.tensor(1.04), what=what, mistakes=attention_mistakes(student, teacher))


@check(
    "attention_loss",
    "any size, other numbers of channels, and the student's gradient",
    hint="The maps have no channels left, so student and teacher may have different numbers of them.",
)
def test_attention_loss_sizes(judge: Judge) -> None:
    cases = ((4, 3, 3, 5, 4), (1, 2, 6, 4, 4), (3, 5, 5, 2, 3), (6, 16, 32, 8, 8))
    for count, here, there, height, width in cases:
        student = torch.randn(count, here, height, width, generator=judge.generator)
        teacher = 3 * torch.randn(count, there, height, width, generator=judge.generator)
        what = f"attention_loss of {tuple(student.shape)} and {tuple(teacher.shape)} features"
        assert_attention(judge, student, teacher, what=what)


@check(
    "attention_loss",
    "equal attention costs nothing; different spatial sizes are refused",
    points=0.5,
    hint="Maps of different sizes cannot be compared: raise ValueError, do not resize.",
)
def test_attention_loss_edges(judge: Judge) -> None:
    student = torch.randn(3, 4, 3, 3, generator=judge.generator)
    loss, *_ = ask(judge, call_attention_loss, 3, student=student, teacher=-7 * student.flip(1))
    what = "attention_loss of features that differ by scale, sign and order of channels"
    assert_float(loss, torch.tensor(0.0), what=what)
    teacher = torch.randn(3, 4, 5, 5, generator=judge.generator)
    judge.raises(call_attention_loss, Exception, student=student, teacher=teacher)


# ---- hint_loss ---------------------------------------------------------------------------------------------
# Wrong: the regressor on the teacher's side, or left out; sums, half sums or means over the batch alone;
# absolute differences; gradient to the teacher; no gradient to the regressor or to the student; the teacher
# passed through the regressor as well; the regressor left in another mode than it had.
# Not judged: shapes that broadcast.


@scenario
def call_hint_loss(work, student, teacher, weight, bias, training):
    if student.dim() == 4:
        regressor = nn.Conv2d(student.shape[1], teacher.shape[1], 1)
    else:
        regressor = nn.Linear(student.shape[1], teacher.shape[1])
    with torch.no_grad():
        regressor.weight.copy_(weight.view_as(regressor.weight))
        regressor.bias.copy_(bias)
    regressor.train(training)
    student, teacher = student.clone().requires_grad_(), teacher.clone().requires_grad_()
    loss = work.hint_loss(student, teacher, regressor)
    if not isinstance(loss, torch.Tensor):
        return loss, None, None, None, True, True
    if loss.requires_grad and loss.numel() == 1:
        loss.sum().backward()
    same = torch.equal(regressor.weight.detach().flatten(), weight.flatten())
    return (
        loss.detach(),
        student.grad,
        regressor.weight.grad,
        teacher.grad,
        same,
        regressor.training == training,
    )


@scenario
def call_hint_loss_with_a_function(work, student, teacher, factor):
    return work.hint_loss(student, teacher, lambda features: features * factor)


def regressed(student: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
    if student.dim() == 4:
        return F.conv2d(student, weight.view(*weight.shape, 1, 1), bias)
    return F.linear(student, weight, bias)


def hint_mistakes(guess: Tensor, teacher: Tensor) -> dict[str, Tensor]:
    difference = guess.double() - teacher.double()
    return {
        "the sum of the squares, it should be their mean": difference.square().sum(),
        "the sum of the squares over each image, it should be the mean over all entries": difference.square()
        .flatten(1)
        .sum(dim=1)
        .mean(),
        "half the mean square": difference.square().mean() / 2,
        "the root of the mean square": difference.square().mean().sqrt(),
        "the mean of absolute differences": difference.abs().mean(),
    }


@check(
    "hint_loss",
    "a regressor by hand",
    public=True,
    hint="The regressor takes the student's features; the mean runs over all entries.",
)
def test_hint_loss_by_hand(judge: Judge) -> None:
    student, teacher = torch.tensor([[1.0, 2.0], [0.0, -1.0]]), torch.tensor([[3.0, 3.0], [1.0, 0.0]])
    loss = judge.run(call_hint_loss_with_a_function, student=student, teacher=teacher, factor=3.0)
    # 3 * student is (3, 6) and (0, -3): differences 0, 3, -1, -3, squares 0 + 9 + 1 + 9 = 19.
    wrong = hint_mistakes(3 * student, teacher) | {
        "the regressor is left out": F.mse_loss(student, teacher),
        "the regressor is applied to the teacher": F.mse_loss(student, 3 * teacher),
        "the regressor is applied to both sides": F.mse_loss(3 * student, 3 * teacher),
    }
    what = "hint_loss of [[1, 2], [0, -1]], times 3, against [[3, 3], [1, 0]]"
    loss = loss.detach() if isinstance(loss, Tensor) else loss
    assert_float(loss, torch.tensor(4.75), what=what, mistakes=wrong)


@check(
    "hint_loss",
    "rows and images through a trained regressor: value and gradients",
    points=1.5,
    hint="Student and regressor learn, the teacher does not: detach the teacher's features and nothing else.",
)
def test_hint_loss_gradients(judge: Judge) -> None:
    for count, here, there, size in ((4, 3, 5, ()), (1, 2, 2, ()), (2, 3, 4, (3, 2)), (3, 6, 2, (1, 5))):
        student = torch.randn(count, here, *size, generator=judge.generator)
        teacher = 2 * torch.randn(count, there, *size, generator=judge.generator)
        weight = torch.randn(there, here, generator=judge.generator)
        bias = torch.randn(there, generator=judge.generator)
        inputs = {"student": student, "teacher": teacher, "weight": weight, "bias": bias}
        training = count != 1
        loss, at_student, at_regressor, at_teacher, same, mode = ask(
            judge, call_hint_loss, 6, **inputs, training=training
        )
        leaves = [student.double().requires_grad_(), weight.double().requires_grad_()]
        guess = regressed(leaves[0], leaves[1], bias.double())
        want = F.mse_loss(guess, teacher.double())
        grads = torch.autograd.grad(want, leaves)
        what = f"hint_loss of {tuple(student.shape)} and {tuple(teacher.shape)} features"
        wrong = hint_mistakes(guess.detach(), teacher)
        assert_float(loss, want.detach(), what=what, mistakes=wrong)
        for name, gradient, expected in zip(
            ("student", "regressor"), (at_student, at_regressor), grads, strict=True
        ):
            assert isinstance(gradient, Tensor), f"{what}: no gradient reaches the {name}"
            expected = expected.view(gradient.shape) if gradient.numel() == expected.numel() else expected
            assert_float(gradient, expected, what=f"the {name}'s gradient of {what}", rtol=1e-3)
        leaked = isinstance(at_teacher, Tensor) and bool(at_teacher.count_nonzero())
        assert not leaked, f"{what}: a gradient reaches the teacher's features; detach them"
        assert same is True, f"{what}: the regressor was changed"
        assert mode is True, f"{what}: the regressor was left in another mode (train or eval) than it had"


# ---- distill_ ----------------------------------------------------------------------------------------------
# Wrong: the teacher in train mode, left in eval mode, its batch-norm statistics moved, its weights trained
# or averaged with the student's (F10), a graph recorded in it; no zero_grad; no step; a step behind the whole
# pass only; the loss of the last batch, the mean, tensors, or losses behind the step; batches read twice, or
# their number asked for; an optimiser of one's own; temperature and alpha not handed on; the student in eval
# mode; the student detached, or its labels alone learned (F9).
# Not judged: gradients from before the pass, modules of the teacher whose mode is not the teacher's.


@scenario
def call_distill(work, batches, state, teacher_state, knobs, options, training, once):
    calls = []  # here, not in the teacher: who asks a copy asks too

    class Teacher(nn.Module):
        def __init__(self):
            super().__init__()
            self.fc1, self.bn, self.drop, self.fc2 = (
                nn.Linear(4, 6),
                nn.BatchNorm1d(6),
                nn.Dropout(0.5),
                nn.Linear(6, 3),
            )

        def forward(self, x):
            out = self.fc2(self.drop(torch.relu(self.bn(self.fc1(x)))))
            calls.append([self.training, self.drop.training, out.requires_grad])
            return out

    student = nn.Sequential(nn.Linear(4, 5), nn.BatchNorm1d(5), nn.Tanh(), nn.Linear(5, 3))
    student.load_state_dict(state)
    student.train()
    teacher = Teacher()
    teacher.load_state_dict(teacher_state)
    teacher.train(training)
    frozen = teacher.fc1.bias.requires_grad_(False)
    kind, rates = options["kind"], options["rates"]
    optimizer = getattr(torch.optim, kind)(student.parameters(), **rates)
    copies = [(inputs.clone(), labels.clone()) for inputs, labels in batches]
    losses = work.distill_(student, teacher, iter(batches) if once else batches, optimizer=optimizer, **knobs)
    same = all(
        torch.equal(one[0], other[0]) and torch.equal(one[1], other[1])
        for one, other in zip(batches, copies, strict=True)
    )
    return {
        "losses": losses,
        "student": {name: value.detach() for name, value in student.state_dict().items()},
        "teacher": {name: value.detach() for name, value in teacher.state_dict().items()},
        "calls": calls,
        "modes": [module.training for module in teacher.modules()],
        "gradients": [name for name, p in teacher.named_parameters() if p.grad is not None],
        "trainable": [p.requires_grad for p in teacher.parameters()],
        "frozen": frozen is teacher.fc1.bias,
        "batches": same,
    }


@scenario
def call_distill_on_linear(work, batches, weight, teacher_weight, rate, knobs):
    student, teacher = (nn.Linear(2, 2, bias=False) for _ in range(2))
    with torch.no_grad():
        student.weight.copy_(weight)
        teacher.weight.copy_(teacher_weight)
    optimizer = torch.optim.SGD(student.parameters(), lr=rate)
    losses = work.distill_(student, teacher, batches, optimizer=optimizer, **knobs)
    return losses, student.weight.detach(), teacher.weight.detach()


STUDENT_SHAPES = {
    "0.weight": (5, 4), "0.bias": (5,), "1.weight": (5,), "1.bias": (5,), "1.running_mean": (5,),
    "1.running_var": (5,), "3.weight": (3, 5), "3.bias": (3,),
}  # fmt: skip
TEACHER_SHAPES = {
    "fc1.weight": (6, 4), "fc1.bias": (6,), "bn.weight": (6,), "bn.bias": (6,), "bn.running_mean": (6,),
    "bn.running_var": (6,), "fc2.weight": (3, 6), "fc2.bias": (3,),
}  # fmt: skip


def random_state(
    generator: torch.Generator, shapes: dict[str, tuple[int, ...]], bn: str
) -> dict[str, Tensor]:
    state = {name: torch.randn(shape, generator=generator) for name, shape in shapes.items()}
    state[f"{bn}.running_var"] = state[f"{bn}.running_var"].abs() + 0.5
    state[f"{bn}.num_batches_tracked"] = torch.tensor(17)
    return state


def distill_inputs(judge: Judge, sizes: tuple[int, ...], **changed: Any) -> dict[str, Any]:
    generator = judge.generator
    batches = [
        (torch.randn(size, 4, generator=generator), torch.randint(3, (size,), generator=generator))
        for size in sizes
    ]
    return {
        "batches": batches,
        "state": random_state(generator, STUDENT_SHAPES, "1"),
        "teacher_state": random_state(generator, TEACHER_SHAPES, "bn"),
        "knobs": {},
        "options": {"kind": "SGD", "rates": {"lr": 0.05}},
        "training": True,
        "once": False,
        **changed,
    }


def run_distill(judge: Judge, inputs: dict[str, Any]) -> dict[str, Any]:
    keys = ("losses", "student", "teacher", "calls", "modes", "gradients", "trainable", "frozen", "batches")
    return mapping(judge.run(call_distill, **inputs), what="what came back from the worker", keys=keys)


def assert_losses(
    value: object, want: list[float], *, case: str, mistakes: Mapping[str, float] | None = None
) -> None:
    """A list of one float a batch, each the loss before that batch's step."""
    losses = sequence(value, what=f"distill_ {case}", length=len(want))
    got = [real(loss, what=f"distill_ {case}, the loss of batch {at + 1}") for at, loss in enumerate(losses)]
    for at, (one, other) in enumerate(zip(got, want, strict=True)):
        told = " (those before are right: each batch has its own zero_grad, backward, step)" if at else ""
        for sentence, wrong in (mistakes or {}).items():
            told = f" (that is {sentence})" if math.isclose(one, wrong, rel_tol=1e-3) else told
        assert math.isclose(one, other, rel_tol=1e-3, abs_tol=1e-4), (
            f"distill_ {case}: the loss of batch {at + 1} is {one:.5g}, expected {other:.5g}{told}"
        )


def assert_distills(judge: Judge, inputs: dict[str, Any], *, case: str) -> dict[str, Any]:
    """Losses and student are those of the reference."""
    got, want = run_distill(judge, inputs), judge.reference(call_distill, **inputs)
    assert_losses(got["losses"], want["losses"], case=case)
    after = mapping(got["student"], what="the student's state", keys=want["student"])
    for name, value in want["student"].items():
        what = f"the student's {name} after distill_ {case}"
        moved = tensor(after[name], what=what, dtype=value.dtype, shape=value.shape)
        untouched = not torch.equal(value, inputs["state"][name]) and torch.equal(
            moved, inputs["state"][name]
        )
        assert not untouched, f"{what} is what it was before: it did not learn"
        assert_close(moved, value, what=what, rtol=2e-3, atol=2e-4)
    assert got["batches"] is True, f"distill_ {case} changed its batches"
    return got


@check(
    "distill_",
    "one linear layer, two batches by hand",
    public=True,
    hint="One loss a batch, as a float (.item()), taken before the step.",
)
def test_distill_by_hand(judge: Judge) -> None:
    # At alpha = 1 and T = 2 the gradient at the logits is T * (q - p): first 2 * (1/2 - 3/4, 1/2 - 1/4).
    one = torch.tensor([[1.0, 0.0]]), torch.tensor([0])
    other = torch.tensor([[0.0, 1.0]]), torch.tensor([1])
    losses, student, teacher = ask(
        judge,
        call_distill_on_linear,
        3,
        batches=[one, other],
        weight=torch.zeros(2, 2),
        teacher_weight=torch.tensor([[2 * LN3, 0.0], [0.0, 2 * LN4]]),
        rate=1.0,
        knobs={"temperature": 2.0, "alpha": 1.0},
    )
    # KL of (3/4, 1/4) and of (1/5, 4/5) against (1/2, 1/2), each times 4.
    wrong = {
        "cross-entropy with hard labels": math.log(2),
        "the loss without the factor T^2": 0.1308120,
        "the loss behind the step": 0.1469700,
        "the loss at T = 4 and alpha = 0.9, not those given": 0.5926159,
    }
    losses_wanted = [4 * 0.1308120, 4 * 0.1927445]
    assert_losses(losses, losses_wanted, case="on two batches by hand", mistakes=wrong)
    assert_close(
        tensor(student, what="the student's weight", dtype=torch.float32, shape=(2, 2)),
        torch.tensor([[0.5, -0.6], [-0.5, 0.6]]),
        what="the student's weight after two steps of gradient descent with rate 1",
        atol=1e-4,
    )
    assert_unchanged(teacher, torch.tensor([[2 * LN3, 0.0], [0.0, 2 * LN4]]), what="teacher (weight)")


@check(
    "distill_",
    "several batches, optimisers, temperatures and alphas",
    points=2,
    hint="Losses right at first and wrong later? Gradients pile up: optimizer.zero_grad() for each batch.",
)
def test_distill_learns(judge: Judge) -> None:
    inputs = distill_inputs(judge, (6, 6, 6, 4))
    assert_distills(judge, inputs, case="with its defaults on four batches")
    knobs = {"temperature": 2.0, "alpha": 0.3}
    options = {"kind": "SGD", "rates": {"lr": 0.02, "momentum": 0.9, "weight_decay": 0.01}}
    inputs = distill_inputs(judge, (5, 8, 3), knobs=knobs, options=options)
    assert_distills(judge, inputs, case="with T = 2, alpha = 0.3 and momentum")
    # The bias before the batch norm has no gradient but rounding; a small eps would blow that up to a step.
    options = {"kind": "RMSprop", "rates": {"lr": 0.01, "eps": 1e-3}}
    inputs = distill_inputs(judge, (7, 7), knobs={"alpha": 0.0}, options=options, training=False)
    assert_distills(judge, inputs, case="with alpha = 0 and RMSprop")


@check(
    "distill_",
    "the teacher runs in eval mode without gradients",
    hint="teacher.eval() before the pass, and its forward pass under torch.no_grad().",
)
def test_distill_teacher_runs(judge: Judge) -> None:
    for training in (True, False):
        inputs = distill_inputs(judge, (4, 5), training=training)
        got = run_distill(judge, inputs)
        calls = sequence(got["calls"], what="the calls of the teacher")
        assert calls, "the teacher was never asked"
        for call in calls:
            train, drops, graph = sequence(call, what="a call of the teacher", length=3)
            assert train is False and drops is False, (
                "the teacher ran in train mode: its dropout is random and its batch norm uses the batch"
            )
            assert graph is False, "the teacher's forward pass recorded gradients; use torch.no_grad()"
        names = sequence(got["gradients"], what="the teacher's gradients")
        assert not names, f"the teacher's parameters {', '.join(map(str, names))} got gradients"


@check(
    "distill_",
    "the teacher is left as it was: mode, weights, batch-norm statistics",
    hint="Remember teacher.training before teacher.eval(), and put it back at the end.",
)
def test_distill_teacher_stays(judge: Judge) -> None:
    for training in (True, False):
        inputs = distill_inputs(judge, (4, 5, 6), training=training)
        got = run_distill(judge, inputs)
        after = mapping(got["teacher"], what="the teacher's state", keys=inputs["teacher_state"])
        for name, value in inputs["teacher_state"].items():
            left = tensor(after[name], what=f"the teacher's {name}", dtype=value.dtype, shape=value.shape)
            kind = "statistics moved: it ran in train mode" if "running" in name else "is not what it was"
            assert torch.equal(left, value), f"the teacher's {name} {kind} after distill_"
        modes = sequence(got["modes"], what="the teacher's modes", length=5)
        mode = {True: "train", False: "eval"}
        assert all(now is training for now in modes), (
            f"the teacher was in {mode[training]} mode before distill_, in {mode[not training]} mode now"
        )
        trainable = sequence(got["trainable"], what="requires_grad of the teacher's parameters", length=6)
        assert trainable == [True, False, True, True, True, True], (
            "requires_grad of the teacher's parameters was changed; torch.no_grad() needs no such thing"
        )
        assert got["frozen"] is True, "a parameter of the teacher is another object than before"


@check(
    "distill_",
    "batches that can be read only once, a single batch, no batch",
    points=0.5,
    hint="Loop over the batches as they come: no len(), no second pass.",
)
def test_distill_edges(judge: Judge) -> None:
    assert_distills(judge, distill_inputs(judge, (4, 3, 5), once=True), case="on batches from an iterator")
    assert_distills(judge, distill_inputs(judge, (3,)), case="on a single batch")
    inputs = distill_inputs(judge, ())
    losses = run_distill(judge, inputs)["losses"]
    empty = sequence(losses, what="distill_ on no batch")
    assert empty == [], f"distill_ on no batch: expected [], got {describe(losses)}"


# ---- distil_in_budget: the graded experiment ---------------------------------------------------------------
# Wrong: the student untrained; trained on the labels alone; the teacher's state returned, or averaged with
# the student's (F10); a student of another shape; NaN; the teacher asked about the labelled images alone;
# student or teacher changed; labels taken for all images; probabilities for logits.

IMAGES, LABELLED, STEPS = 2_000, 200, 2_000
HIDDEN = 32
STUDENT = {"1.weight": (HIDDEN, 784), "1.bias": (HIDDEN,), "3.weight": (10, HIDDEN), "3.bias": (10,)}
FULL_ERROR = 0.065  # the reference: 5.8 %, the labels alone 22.9 %, the first choices of the teacher 10.4 %


@scenario
def distillation_setting(work, images, labelled, hidden):
    from shrink.data import mnist, to_float
    from shrink.training import load_checkpoint

    split = mnist("train").take(slice(0, images))
    generator = torch.Generator().manual_seed(0)
    student = {}
    for name, outputs, inputs in (("1", hidden, 784), ("3", 10, hidden)):
        bound = inputs**-0.5  # as nn.Linear begins
        weight, bias = (torch.rand(size, generator=generator) for size in ((outputs, inputs), (outputs,)))
        student |= {f"{name}.weight": (2 * weight - 1) * bound, f"{name}.bias": (2 * bias - 1) * bound}
    teacher = dict(load_checkpoint("lenet_5").state_dict())
    return to_float(split.images, "mnist"), split.labels[:labelled], student, teacher


@scenario
def labels_alone(work, images, labels, state, steps):
    """The baseline: the same student, as many steps, the same moved images, the labels and no teacher."""
    from shrink.training import augment, one_cycle

    hidden = state["1.weight"].shape[0]
    student = nn.Sequential(nn.Flatten(), nn.Linear(784, hidden), nn.ReLU(), nn.Linear(hidden, 10))
    student.load_state_dict(state)
    generator = torch.Generator().manual_seed(0)
    optimizer = torch.optim.Adam(student.parameters())
    images = images[: len(labels)]
    shifted = [augment(images, shift=1, flip=False, generator=generator) for _ in range(7)]
    inputs, targets = torch.cat([images, *shifted]), labels.repeat(8)
    for step in range(steps):
        chosen = torch.randint(len(inputs), (128,), generator=generator)
        optimizer.param_groups[0]["lr"] = 3e-3 * one_cycle(step / steps)
        optimizer.zero_grad()
        F.cross_entropy(student(inputs[chosen]), targets[chosen]).backward()
        optimizer.step()
    return dict(student.state_dict())


@scenario
def call_distil_in_budget(work, images, labels, state, teacher_state, seed):
    hidden = state["1.weight"].shape[0]
    student = nn.Sequential(nn.Flatten(), nn.Linear(784, hidden), nn.ReLU(), nn.Linear(hidden, 10))
    student.load_state_dict(state)
    convolutions = [nn.Conv2d(1, 20, 5), nn.MaxPool2d(2), nn.Conv2d(20, 50, 5), nn.MaxPool2d(2)]
    layers = [nn.Flatten(), nn.Linear(800, 500), nn.ReLU(), nn.Linear(500, 10)]
    teacher = nn.Sequential(*convolutions, *layers).eval()
    teacher.load_state_dict(teacher_state)
    generator = torch.Generator().manual_seed(seed)
    trained = work.distil_in_budget(student, teacher, images, labels, generator=generator)
    after = {name: value.detach() for name, value in student.state_dict().items()}
    same = all(torch.equal(value, teacher_state[name]) for name, value in teacher.state_dict().items())
    trained = dict(trained) if isinstance(trained, dict) else trained
    return trained, after, same and not teacher.training


def student_state(value: object) -> dict[str, Tensor]:
    state = mapping(value, what="distil_in_budget", keys=STUDENT)
    for name, shape in STUDENT.items():
        tensor(state[name], what=f"distil_in_budget[{name!r}]", dtype=torch.float32, shape=shape, finite=True)
    return state


def error_of(state: dict[str, Tensor], images: Tensor, labels: Tensor) -> float:
    hidden = F.linear(images, state["1.weight"], state["1.bias"]).relu()
    predictions = F.linear(hidden, state["3.weight"], state["3.bias"]).argmax(dim=1)
    return int((predictions != labels).sum()) / len(labels)


@check(
    "distil_in_budget",
    "a state dict of the student; student and teacher left as they are",
    public=True,
    hint="Train copy.deepcopy(student) and return its state_dict().",
)
def test_distil_in_budget_form(judge: Judge) -> None:
    generator = torch.Generator().manual_seed(0)
    state = {name: torch.randn(shape, generator=generator) * 0.05 for name, shape in STUDENT.items()}
    shapes = {
        "0.weight": (20, 1, 5, 5), "0.bias": (20,), "2.weight": (50, 20, 5, 5), "2.bias": (50,),
        "5.weight": (500, 800), "5.bias": (500,), "7.weight": (10, 500), "7.bias": (10,),
    }  # fmt: skip
    inputs = {
        "images": torch.randn(24, 1, 28, 28, generator=generator),
        "labels": torch.arange(12) % 10,
        "state": state,
        "teacher_state": {
            name: torch.randn(shape, generator=generator) * 0.05 for name, shape in shapes.items()
        },
        "seed": 0,
    }
    trained, after, same = ask(judge, call_distil_in_budget, 3, cpu_seconds=60, **inputs)
    student_state(trained)
    after = mapping(after, what="the student given", keys=STUDENT)
    for name, value in state.items():
        assert_unchanged(after[name], value, what=f"student ({name})")
    assert same is True, "the teacher's weights or its mode were changed"


@check(
    "distil_in_budget",
    "the gain over the same student trained on the labels alone",
    points=5,
    hint="No gain? The 1,800 images without a label carry it: ask the teacher about them, and about copies.",
)
def test_distil_in_budget_result(judge: Judge) -> float:
    images, labels, state, teacher = judge.trusted(
        distillation_setting, images=IMAGES, labelled=LABELLED, hidden=HIDDEN
    )
    inputs = {"images": images, "labels": labels, "state": state, "teacher_state": teacher, "seed": 0}
    trained, *_ = ask(judge, call_distil_in_budget, 3, cpu_seconds=60, fresh=True, **inputs)
    alone = judge.trusted(labels_alone, images=images, labels=labels, state=state, steps=STEPS)
    x, targets = judge.trusted(mnist_test)
    error, baseline = error_of(student_state(trained), x, targets), error_of(alone, x, targets)
    sizes = [sum(value.numel() for value in net.values()) for net in (teacher, state)]
    judge.metrics["compression_ratio"] = round(sizes[0] / sizes[1], 3)
    judge.metrics["accuracy"] = round(1 - error, 6)
    judge.metrics["baseline_accuracy"] = round(1 - baseline, 6)
    got = f"{100 * error:.2f} % test error, {100 * baseline:.2f} % with the labels alone"
    judge.remark = f"{got}: expected at most {100 * FULL_ERROR:.1f} %"
    gain = math.log(baseline / max(error, 1e-4)) / math.log(
        baseline / FULL_ERROR
    )  # each halving counts alike
    return float(np.clip(gain, 0, 1))
