"""Instant feedback: `from autograder import check` in a notebook runs a task's public checks in the
learner's kernel.

Nothing here is worth a mark, so nothing here needs walls. The marks come from other checks on other inputs;
their names are shown, so that a learner knows what else to think of.
"""

import textwrap
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import torch

from autograder import scenarios, wire
from autograder.rooms import CHECKS, load_checks
from autograder.task import Check, Judge, LearnerError, Missing, NotAttempted, Outcome, Scenario

HERE = str(Path(__file__).resolve().parent)
LINES = textwrap.TextWrapper(  # a page breaks longer ones inside a word
    80, subsequent_indent=" " * 8, break_long_words=False, break_on_hyphens=False
)


class CheckFailed(AssertionError):
    """At least one public check did not pass; in a notebook it shows as one line, for all has been said
    above it.
    """

    def _render_traceback_(self) -> list[str]:
        return [f"CheckFailed: {self}"]


class LocalJudge(Judge):
    """Runs scenarios on the functions of this kernel; inputs and results are copies, as for marks."""

    def __init__(self, task: str, functions: dict[str, Callable[..., Any]]) -> None:
        self.task, self.functions = task, functions
        self.generator = torch.Generator().manual_seed(0)
        self.metrics = {}

    def run(self, scenario: Scenario, *, cpu_seconds: float = 5.0, fresh: bool = False, **inputs: Any) -> Any:
        try:
            return copy(
                scenarios.run(scenario.source, scenario.name, LocalWork(self.functions), copy(inputs))
            )
        except Outcome:
            raise
        except NotImplementedError as error:
            raise NotAttempted(f"{self.task} is not written yet") from error
        except Exception as error:
            types = [kind.__name__ for kind in type(error).__mro__]
            raise LearnerError(types, str(error), place(error)) from error

    def trusted(self, scenario: Scenario, *, cpu_seconds: float = 60.0, **inputs: Any) -> Any:
        """The same for scenarios that fetch images and checkpoints: both are at hand, neither is a secret."""
        return copy(scenarios.run(scenario.source, scenario.name, LocalWork({}), copy(inputs)))


class LocalWork:
    """The given functions by name, as a scenario asks for them."""

    def __init__(self, functions: dict[str, Callable[..., Any]]) -> None:
        self._functions = functions

    def __getattr__(self, name: str) -> Callable[..., Any]:
        if name not in self._functions:
            raise Missing(f"{name} was not given to check()")
        return self._functions[name]


def copy(value: Any) -> Any:
    """The value as it looks after a journey over the wire."""
    buffers: list[wire.Buffer] = []
    tree = wire.encode(value, buffers)
    return wire.decode(tree, [bytearray(buffer) for buffer in buffers])


def place(error: BaseException) -> str:
    """The learner's own line in which an exception was raised."""
    frames = traceback.extract_tb(error.__traceback__)
    own = [frame for frame in frames if not frame.filename.startswith((HERE, "<scenario>"))]
    return f"line {own[-1].lineno}: {own[-1].line}" if own and own[-1].line else ""


def checks_of(task: str, folder: Path = CHECKS) -> Iterator[Check]:
    """Every check of a task, from whatever room it belongs to."""
    for file in sorted(folder.glob("test_*.py")):
        for value in vars(load_checks(file)).values():
            if isinstance(found := getattr(value, "check", None), Check) and found.task == task:
                yield found


def check(task: str, *functions: Callable[..., Any], folder: Path = CHECKS) -> None:
    """Run the public checks of `task` on these functions, say what each found, and raise if one did not
    pass.
    """
    checks = list(checks_of(task, folder))
    if not checks:
        raise ValueError(f"there is no task {task!r}")
    named = (
        {task: functions[0]}
        if len(functions) == 1
        else {function.__name__: function for function in functions}
    )
    public = [found for found in checks if found.public]
    failures = [found.title for found in public if not passed(found, LocalJudge(task, named))]
    rest = [found.title for found in checks if not found.public]
    if rest:
        say(f"The marks will additionally test: {'; '.join(rest)}.")
    if failures:
        raise CheckFailed(f"{task}: {len(public) - len(failures)} of {len(public)} checks passed")


def passed(found: Check, judge: LocalJudge) -> bool:
    """Run one check and print its line."""
    try:
        given = found.verdict(judge)
        message = "" if given is None or given >= 1.0 else judge.remark or f"reached {given:.0%}"
    except (Outcome, AssertionError) as error:
        message = str(error) or "the result is not what the contract says"
    say(f"{'failed' if message else 'passed'}  {found.title}" + (f": {message}" if message else ""))
    if message and found.hint:
        say(f"        Hint: {found.hint}")
    return not message


def say(text: str) -> None:
    """Print in lines that a page need not break; what goes on is indented."""
    for line in text.splitlines():
        print(LINES.fill(line))
