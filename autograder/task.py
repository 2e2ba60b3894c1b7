"""What a check is written with: scenarios, verdicts, and the sentences a learner reads.

A room's checks live in `autograder/checks/test_<topic>.py`. A complete one:

    import torch
    from autograder.task import Judge, check, scenario, tensor

    @scenario                               # runs beside the learner's code; its source text is what is sent,
    def call_mask(work, weight, sparsity):  # so it uses only its arguments and torch, nn, F, np, math
        return work.magnitude_mask(weight, sparsity)

    @check("magnitude_mask", "prunes exactly round(sparsity * n)", hint="Off by one? Use round, not int.")
    def test_magnitude_mask_counts(judge: Judge) -> None:
        weight = torch.randn(7, 5, generator=judge.generator)
        got = judge.run(call_mask, weight=weight, sparsity=0.4)
        mask = tensor(got, what="magnitude_mask", dtype=torch.bool, shape=(7, 5))
        pruned = int((~mask).sum())
        assert pruned == 14, f"pruned {pruned} of 35 weights at sparsity 0.4, expected 14"

    @check("magnitude_mask", "refuses a sparsity above 1", points=1, public=True)
    def test_magnitude_mask_range(judge: Judge) -> None:
        judge.raises(call_mask, ValueError, naming="sparsity", weight=torch.ones(4), sparsity=1.5)

A verdict fails by AssertionError (its message is shown) and may give part of the points by returning a
fraction. Points of a task are the sum of its checks' points; tasks come in the order in which the file
names them.
"""

import inspect
import math
import textwrap
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from autograder.wire import Other

Verdict = Callable[..., float | None]


class Outcome(Exception):
    """Something a learner's code did instead of returning a value; `status` is what the report will say."""

    status = "error"


class LearnerError(Outcome):
    """The learner's code raised. `types` are the names of the exception's classes, `text` its own message."""

    def __init__(self, types: Sequence[str], text: str, place: str = "") -> None:
        self.types, self.text, self.place = list(types) or ["Exception"], text, place
        where = f" ({place})" if place else ""
        super().__init__(f"{self.types[0]}: {text}{where}" if text else f"{self.types[0]}{where}")


class Missing(Outcome):
    """The submission does not define a function that is asked for."""

    status = "missing"


class NotAttempted(Outcome):
    """The function still is the stub that raises NotImplementedError."""

    status = "not_attempted"


class TimedOut(Outcome):
    """A call used up its time."""

    status = "timeout"


class Crashed(Outcome):
    """The process that ran the learner's code ended, or sent something that is no answer."""

    status = "crashed"


class OutOfMemory(Outcome):
    """The learner's code asked for more memory than a submission has."""

    status = "out_of_memory"


class BadReturn(Outcome):
    """The function returned something of the wrong kind: type, dtype, shape."""

    status = "bad_return"


@dataclass(frozen=True)
class Scenario:
    """Trusted code that runs in the worker, kept as source text."""

    name: str
    source: str
    function: Callable[..., Any]


@dataclass(frozen=True)
class Check:
    """One line of the report: a verdict with what the report needs to know about it."""

    task: str
    title: str
    points: float
    hint: str
    public: bool
    verdict: Verdict

    @property
    def id(self) -> str:
        return self.verdict.__name__


def scenario(function: Callable[..., Any]) -> Scenario:
    """Mark a function as a scenario: `work` (the learner's functions) comes first, inputs by name."""
    source = textwrap.dedent(inspect.getsource(function))
    return Scenario(function.__name__, source[source.index("def ") :], function)


def check(
    task: str, title: str, *, points: float = 1.0, hint: str = "", public: bool = False
) -> Callable[[Verdict], Verdict]:
    """Mark a function `test_...(judge)` as a check of `task`; see the top of this module."""
    if not (math.isfinite(points) and points >= 0):
        raise ValueError(f"points must be a finite number of at least 0, got {points}")

    def mark(verdict: Verdict) -> Verdict:
        verdict.check = Check(task, title, float(points), hint, public, verdict)  # type: ignore[attr-defined]
        return verdict

    return mark


class Judge:
    """What a verdict asks: run a scenario on the learner's work, on the reference, or on trusted code
    alone.
    """

    generator: torch.Generator  # from the seed and the check's name: the same grade again tomorrow
    metrics: dict[str, float]  # goes into the report, e.g. judge.metrics["accuracy"] = 0.978
    remark: str = ""  # what a verdict that gives only part of the points has to say

    @property
    def code_bytes(self) -> int:
        """Bytes of the submission's code, compressed: where a network may be hidden. To be used only beside
        large inputs, because a verdict is otherwise recalled by what the answers were.
        """
        return 0

    def run(self, scenario: Scenario, *, cpu_seconds: float = 5.0, fresh: bool = False, **inputs: Any) -> Any:
        """The scenario's return value from the learner's worker, as plain values nobody vouches for.

        `fresh=True` runs it in a new process that has seen no call. Raises an Outcome if there is no value.
        """
        raise NotImplementedError

    def each(
        self, scenario: Scenario, cases: Iterable[dict[str, Any]], *, cpu_seconds: float = 5.0
    ) -> Iterator[Any]:
        """What `run` gives for each case's inputs, one after the other; an Outcome is raised in its turn.

        Marks are given on all cases put at once, which costs the time of one question, and `cpu_seconds` are
        for all of them. So the learner's process holds every case while it answers the first: use this only
        where no case's inputs tell what another one's answer should be.
        """
        for inputs in cases:
            yield self.run(scenario, cpu_seconds=cpu_seconds, **inputs)

    def reference(self, scenario: Scenario, *, cpu_seconds: float = 60.0, **inputs: Any) -> Any:
        """The same from the reference, in a worker of its own; asked twice, it is run once."""
        raise NotImplementedError

    def trusted(self, scenario: Scenario, *, cpu_seconds: float = 60.0, **inputs: Any) -> Any:
        """The same from a worker that may import shrink and read data/: images, checkpoints.

        `work` is the reference. Run once per grader, so large results are passed on without a copy.
        """
        raise NotImplementedError

    def raises(
        self,
        scenario: Scenario,
        error: type[Exception],
        *,
        naming: str = "",
        cpu_seconds: float = 5.0,
        **inputs: Any,
    ) -> None:
        """Assert that the learner's function raises `error` and that its message contains the word
        `naming`.
        """
        given = describe_inputs(inputs)
        expected = f"{error.__name__} naming {naming!r}" if naming else error.__name__
        try:
            self.run(scenario, cpu_seconds=cpu_seconds, **inputs)
        except LearnerError as raised:
            if error.__name__ not in raised.types:
                raise AssertionError(f"{given}expected {expected}, but it raised {raised}") from None
            if naming.lower() not in raised.text.lower():
                raise AssertionError(
                    f"{given}raised {error.__name__} as it should, but its message {raised.text!r} "
                    f"does not contain the word {naming!r}"
                ) from None
            return
        raise AssertionError(f"{given}expected {expected}, but nothing was raised")


def describe_inputs(inputs: dict[str, Any]) -> str:
    """'for sparsity=1.5: ' from the small inputs of a call, so that a message names its case."""
    small = [
        f"{name}={value!r}" for name, value in inputs.items() if isinstance(value, bool | int | float | str)
    ]
    return f"for {', '.join(small)}: " if small else ""


def describe(value: Any) -> str:
    """What came, in a few words: 'a numpy array of dtype float64 and shape (3,)'."""
    if isinstance(value, torch.Tensor):
        return f"a tensor of dtype {value.dtype} and shape {tuple(value.shape)}"
    if isinstance(value, np.ndarray):
        return f"a numpy array of dtype {value.dtype} and shape {value.shape}"
    if isinstance(value, Other):
        return f"a {value.type_name}"
    if value is None:
        return "None (is a return missing?)"
    if isinstance(value, bool | int | float | str):
        text = repr(value)
        return f"the {type(value).__name__} {text if len(text) <= 60 else text[:57] + '...'}"
    if isinstance(value, list | tuple | dict):
        return f"a {type(value).__name__} of {len(value)}"
    return f"a {type(value).__name__}"


def tensor(
    value: Any,
    *,
    what: str,
    dtype: torch.dtype | tuple[torch.dtype, ...] | None = None,
    shape: Sequence[int] | None = None,
    finite: bool = False,
) -> torch.Tensor:
    """`value` as the tensor it should be, or BadReturn with a sentence that says what came instead."""
    dtypes = (dtype,) if isinstance(dtype, torch.dtype) else dtype
    wanted = "a tensor" + (f" of dtype {' or '.join(map(str, dtypes))}" if dtypes else "")
    wanted += (" and" if dtypes else " of") + f" shape {tuple(shape)}" if shape is not None else ""
    fits = isinstance(value, torch.Tensor) and (not dtypes or value.dtype in dtypes)
    if not fits or (shape is not None and tuple(value.shape) != tuple(shape)):
        raise BadReturn(f"{what}: expected {wanted}, got {describe(value)}")
    assert isinstance(value, torch.Tensor)
    if finite and value.is_floating_point() and not bool(value.isfinite().all()):
        raise BadReturn(
            f"{what}: {int((~value.isfinite()).sum())} of {value.numel()} entries are NaN or infinite"
        )
    return value


def integer(value: Any, *, what: str) -> int:
    """`value` as an int (numpy integers count, bool and float do not), or BadReturn."""
    if isinstance(value, bool | np.bool_) or not isinstance(value, int | np.integer):
        raise BadReturn(f"{what}: expected an int, got {describe(value)}{_item_hint(value)}")
    return int(value)


def real(value: Any, *, what: str) -> float:
    """`value` as a finite float (ints and numpy floats count, tensors and bool do not), or BadReturn."""
    if isinstance(value, bool | np.bool_) or not isinstance(value, int | float | np.integer | np.floating):
        raise BadReturn(f"{what}: expected a float, got {describe(value)}{_item_hint(value)}")
    if not math.isfinite(value):
        raise BadReturn(f"{what}: expected a finite number, got {float(value)}")
    return float(value)


def _item_hint(value: Any) -> str:
    return (
        "; .item() turns it into a number" if isinstance(value, torch.Tensor) and value.numel() == 1 else ""
    )


def mapping(value: Any, *, what: str, keys: Iterable[str | int] | None = None) -> dict[Any, Any]:
    """`value` as a dict with exactly these keys, or BadReturn that names a missing or a surplus one."""
    if not isinstance(value, dict):
        raise BadReturn(f"{what}: expected a dict, got {describe(value)}")
    wanted = None if keys is None else list(keys)
    for key in wanted or ():
        if key not in value:
            raise BadReturn(f"{what}: the key {key!r} is missing from the dict")
    for key in value:
        if wanted is not None and key not in wanted:
            raise BadReturn(f"{what}: the dict has a key {key!r} that nobody asked for"[:300])
    return value


def sequence(value: Any, *, what: str, length: int | None = None) -> list[Any]:
    """`value` as a list (a tuple counts) of `length` items, or BadReturn."""
    if not isinstance(value, list | tuple) or (length is not None and len(value) != length):
        wanted = "a list" + (f" of {length}" if length is not None else "")
        raise BadReturn(f"{what}: expected {wanted}, got {describe(value)}")
    return list(value)


def assert_equal(got: torch.Tensor, want: torch.Tensor, *, what: str) -> None:
    """Every entry equal; the message shows the first that is not."""
    assert_close(got, want, what=what, rtol=0.0, atol=0.0)


def assert_close(
    got: torch.Tensor, want: torch.Tensor, *, what: str, rtol: float = 1e-5, atol: float = 1e-6
) -> None:
    """Every entry within atol + rtol * |want|; the message shows the first that is not, and how many are
    not.
    """
    tensor(got, what=what, shape=tuple(want.shape))
    left, right = (
        (got.double(), want.double()) if got.dtype != want.dtype or got.dtype != torch.bool else (got, want)
    )
    wrong = (
        left != right
        if left.dtype == torch.bool
        else ~torch.isclose(left, right, rtol, atol, equal_nan=False)
    )
    if not bool(wrong.any()):
        return
    at = tuple(int(index) for index in wrong.nonzero()[0])
    where = f" at [{', '.join(map(str, at))}]" if at else ""
    many = f" ({int(wrong.sum())} of {wrong.numel()} entries differ)" if wrong.numel() > 1 else ""
    raise AssertionError(f"{what}{where}: expected {_show(want[at])}, got {_show(got[at])}{many}")


def _show(value: torch.Tensor) -> str:
    return f"{value.item():.6g}" if value.is_floating_point() else str(value.item())
