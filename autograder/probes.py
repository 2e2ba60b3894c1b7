"""Probes: the calls that a task's checks make when the reference answers them, to be put to other answers.

All probes of a task go to an answer in one call. An outcome is the value that came, or a `Raised`; where the
check expects an exception, only whether it came as it should. Two outcomes are the same up to rounding.
"""

import copy
import hashlib
import math
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch

from autograder import wire
from autograder.job import Answer, Job, Question, question
from autograder.task import Check, Judge, LearnerError, Scenario

TOLERANCE = 1e-4
MOST_CPU_SECONDS = 20.0  # a call that may take longer belongs to an experiment, and is no probe
MOST_BYTES = 1 << 20  # of a probe's inputs, and of the reference's outcome
ALL_CPU_SECONDS = 3.0  # for all probes of a task
DRIVER = """
def run_probes(work, calls):
    import random

    outcomes = []
    for name, seed, inputs in calls:
        torch.manual_seed(seed)
        np.random.seed(seed % (1 << 32))
        random.seed(seed)
        try:
            outcomes.append((globals()[name](work, **inputs),))
        except Exception as error:
            outcomes.append(([kind.__name__ for kind in type(error).__mro__], str(error)[:1000]))
    return outcomes
"""

Ask = Callable[[Scenario, dict[str, Any], int], Any]  # scenario, inputs, seed: a reference's value


@dataclass(frozen=True)
class Probe:
    """One call of a check; where the check expects an exception, its class and the word it has to name."""

    check: Check
    place: int  # among the check's calls
    scenario: Scenario
    inputs: dict[str, Any]
    seed: int
    error: str = ""
    naming: str = ""

    def read(self, answer: Any) -> Any:
        """The outcome that an answer of the driver stands for."""
        if not isinstance(answer, tuple) or len(answer) not in (1, 2):
            return Raised("")  # no word of ours: the answer's code was in the driver's way
        if len(answer) == 1:
            return Raised("nothing") if self.error else answer[0]
        types = [str(name) for name in answer[0]] if isinstance(answer[0], list) else []
        return self.raised(types, str(answer[1]))

    def raised(self, types: Sequence[str], text: str) -> "Raised":
        if self.error not in types:
            return Raised(next(iter(types), ""))
        return Raised("as expected" if self.naming.lower() in text.lower() else "without the word")


@dataclass(frozen=True)
class Raised:
    """An exception as an outcome."""

    what: str


class Stop(Exception):
    """The rest of a check is not for probes: it costs too much, or its calls depend on those before."""


class ProbeJudge(Judge):
    """A judge whose answers come from the reference, or from a list."""

    def __init__(self, check: Check, seed: int, ask: Ask) -> None:
        self.check, self.ask = check, ask
        self.generator = torch.Generator().manual_seed(derived("inputs of probes", seed, check))
        self.seed = derived("calls of probes", seed, check)  # the answer's code may know this one
        self.metrics: dict[str, float] = {}

    def reference(self, scenario: Scenario, *, cpu_seconds: float = 60.0, **inputs: Any) -> Any:
        return self.ask(scenario, inputs, self.seed)

    def trusted(self, scenario: Scenario, *, cpu_seconds: float = 60.0, **inputs: Any) -> Any:
        return self.ask(scenario, inputs, 0)


def derived(purpose: str, seed: int, check: Check) -> int:
    return int.from_bytes(hashlib.sha256(f"{purpose}:{seed}:{check.id}".encode()).digest()[:4])


class Recorder(ProbeJudge):
    """Notes each call of a check, answered by the reference's job; `outcomes` are those of all calls."""

    def __init__(self, check: Check, seed: int, ask: Ask, job: Job) -> None:
        super().__init__(check, seed, ask)
        self.job, self.probes, self.outcomes = job, list[Probe](), list[Any]()

    def run(self, scenario: Scenario, *, cpu_seconds: float = 5.0, fresh: bool = False, **inputs: Any) -> Any:
        probe = Probe(self.check, len(self.outcomes), scenario, inputs, self.seed)
        return self._answer(probe, cpu_seconds)

    def raises(
        self, scenario: Scenario, error: type[Exception], *, naming: str = "", cpu_seconds: float = 5.0,
        **inputs: Any,
    ) -> None:  # fmt: skip
        place, name = len(self.outcomes), error.__name__
        self._answer(Probe(self.check, place, scenario, inputs, self.seed, name, naming), cpu_seconds)

    def _answer(self, probe: Probe, cpu_seconds: float) -> Any:
        if cpu_seconds > MOST_CPU_SECONDS:
            raise Stop
        probe = replace(probe, inputs=copy.deepcopy(probe.inputs))  # the check may change its own
        error, value = None, None
        try:
            value = self.job.call(
                probe.scenario, probe.inputs, task="the reference", seed=probe.seed, cpu_seconds=cpu_seconds
            )
            outcome = Raised("nothing") if probe.error else value
        except LearnerError as raised:
            error, outcome = raised, probe.raised(raised.types, raised.text)
        if size(probe.inputs) + size(value) <= MOST_BYTES:
            self.probes.append(probe)
        self.outcomes.append(outcome)
        if error is not None and not probe.error:
            raise error
        return value


class Replay(ProbeJudge):
    """Answers a check's calls from a list, one after the other."""

    def __init__(self, check: Check, seed: int, ask: Ask, outcomes: list[Any]) -> None:
        super().__init__(check, seed, ask)
        self.left = iter(outcomes)

    def run(self, scenario: Scenario, *, cpu_seconds: float = 5.0, fresh: bool = False, **inputs: Any) -> Any:
        outcome = next(self.left, Stop)
        if outcome is Stop:
            raise Stop
        if isinstance(outcome, Raised):
            raise LearnerError([outcome.what], "")
        return outcome

    def raises(
        self, scenario: Scenario, error: type[Exception], *, naming: str = "", cpu_seconds: float = 5.0,
        **inputs: Any,
    ) -> None:  # fmt: skip
        next(self.left, None)


def complaint(check: Check, seed: int, ask: Ask, outcomes: list[Any]) -> str:
    """What the check says of these outcomes, with numbers to three digits; empty where it accepts them."""
    try:
        given = check.verdict(Replay(check, seed, ask, outcomes))
    except Stop:
        return ""
    except Exception as refused:
        return re.sub(r"\d+\.\d+(?:e[+-]?\d+)?", lambda found: f"{float(found[0]):.3g}", str(refused)) or "no"
    return "" if given is None or given >= 1 else "in part"


def question_of(probes: list[Probe]) -> Question:
    """All probes as one call."""
    sources = dict.fromkeys(probe.scenario.source for probe in probes)
    driver = Scenario("run_probes", "\n".join([*sources, DRIVER]), question_of)
    calls = [(probe.scenario.name, probe.seed, probe.inputs) for probe in probes]
    return question(driver, {"calls": calls}, task="the probes", seed=0)


def outcomes(probes: list[Probe], answer: Answer) -> list[Any]:
    """What an answer to their question says of each; an Outcome if it is no answer."""
    came = answer.value("the probes")
    parts = came if isinstance(came, list) and len(came) == len(probes) else [None] * len(probes)
    return [probe.read(part) for probe, part in zip(probes, parts, strict=True)]


def size(value: Any) -> int:
    """Bytes of a value on the wire, nearly."""
    buffers: list[wire.Buffer] = []
    return len(str(wire.encode(value, buffers))) + sum(map(len, buffers))


def same(left: Any, right: Any) -> bool:
    """Whether two outcomes are equal: kinds, dtypes and shapes exactly, floating-point numbers nearly.

    What `task.integer`, `real` and `sequence` take for the same is the same here.
    """
    left, right = plain(left), plain(right)
    if type(left) is not type(right):
        return False
    if isinstance(left, torch.Tensor):
        return left.dtype == right.dtype and left.shape == right.shape and close(left, right)
    if isinstance(left, np.ndarray):
        return same(torch.from_numpy(left.copy()), torch.from_numpy(right.copy()))
    if isinstance(left, list):
        return len(left) == len(right) and all(map(same, left, right))
    if isinstance(left, dict):
        return left.keys() == right.keys() and all(same(left[key], right[key]) for key in left)
    if isinstance(left, float):
        return math.isclose(left, right, rel_tol=TOLERANCE) or (math.isnan(left) and math.isnan(right))
    return bool(left == right)


def plain(value: Any) -> Any:
    if isinstance(value, np.generic):
        return value.item()
    return list(value) if isinstance(value, tuple) else value


def close(left: torch.Tensor, right: torch.Tensor) -> bool:
    """Entries equal to TOLERANCE; those that nearly cancel, to a hundredth of it times the largest."""
    if torch.equal(left, right):
        return True
    if not left.is_floating_point():
        return False
    left, right = left.double(), right.double()
    finite = right[right.isfinite()].abs()
    largest = float(finite.max()) if finite.numel() else 0.0
    return torch.allclose(left, right, rtol=TOLERANCE, atol=TOLERANCE / 100 * largest, equal_nan=True)
