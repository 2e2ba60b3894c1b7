"""What a question of napkin arithmetic is, and the small words in which the questions are written."""

import math
from dataclasses import dataclass, field
from random import Random
from typing import Any, TypeVar

from interview.figures import evaluate
from interview.schema import Both, Level

Option = TypeVar("Option")


@dataclass(frozen=True)
class Slip:
    """A wrong result that is typical, in the unit of the answer, and what leads to it."""

    value: float
    why: Both


@dataclass(frozen=True)
class Problem:
    """One question with its numbers drawn: what is shown, what is right, and how one gets there.

    `given` holds the drawn numbers under the names that `text` and the tests use. `answer` is in `unit`.
    `tolerance` is relative; 0 asks for the exact integer. Each of `steps` is "what: expression = value unit",
    where the expression is Python arithmetic and the last value is the answer.
    """

    level: Level
    topic: str  # a room, open or to come, or a file of the bank
    text: Both
    given: dict[str, Any] = field(hash=False)
    answer: float
    unit: str
    tolerance: float
    steps: tuple[str, ...]
    slips: tuple[Slip, ...]
    covers: tuple[str, ...] = ()
    lesson: str = ""  # topic#heading
    sources: tuple[str, ...] = ()  # keys of sources.yaml, with the place where that helps
    id: str = ""
    seed: int = 0


def pick(draw: Random, *options: Option) -> Option:
    """One of the options.

    Rests on `random()` alone: later versions of Python promise the same numbers of it, not of `choice`.
    """
    return options[int(draw.random() * len(options))]


def ask(en: str, zh: str, **shown: Any) -> Both:
    """The question in both languages, `{name}` filled with the number of that name."""
    texts = {name: value if isinstance(value, str) else show(value) for name, value in shown.items()}
    return Both(en=en.format(**texts), zh=zh.format(**texts))


def step(what: str, expression: str, unit: str = "") -> str:
    """A line of the worked solution: the expression and what it comes to.

    >>> step("dense", "4096 * 4096 * 2 / 1e6", "MB")
    'dense: 4096 * 4096 * 2 / 1e6 = 33.55 MB'
    """
    return f"{what}: {expression} = {show(evaluate(expression))} {unit}".rstrip()


def slip(value: float, en: str, zh: str) -> Slip:
    return Slip(value, Both(en=en, zh=zh))


def show(value: float) -> str:
    """A number as a person writes it: integers in full up to 12 digits, others with 4 figures, or 6 if exact.

    >>> show(131072.0), show(33.554432), show(2.3125), show(0.06251), show(2e15)
    ('131,072', '33.55', '2.3125', '0.06251', '2e+15')
    """
    if value == 0 or not 1e-4 <= abs(value) < 1e12:
        return f"{value:.4g}"
    if float(value).is_integer():
        return f"{int(value):,}"
    figures = next((n for n in (4, 5, 6) if math.isclose(float(f"{value:.{n}g}"), value, rel_tol=1e-12)), 4)
    digits = max(figures - 1 - math.floor(math.log10(abs(value))), 0)
    return f"{value:,.{digits}f}".rstrip("0").rstrip(".") if digits else f"{value:,.0f}"
