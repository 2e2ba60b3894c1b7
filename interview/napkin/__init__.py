"""Napkin arithmetic: questions whose numbers are drawn from a seed, with solution and usual slips.

>>> shown = problem("mlp_parameters", seed=7)
>>> judge(shown, f"{shown.answer / 1000:.1f}k").mark
'right'
"""

from collections.abc import Callable
from dataclasses import replace
from random import Random

from interview.napkin import (
    coding,
    learning,
    networks,
    rounding,
    serving,
    shrinking,
    sizes,
    speed,
    transformers,
)
from interview.napkin.problem import Problem, Slip
from interview.napkin.typed import Unreadable, Verdict, judge, read

__all__ = ["NAMES", "PROBLEMS", "Problem", "Slip", "Unreadable", "Verdict", "judge", "problem", "read"]

PROBLEMS: tuple[Callable[[Random], Problem], ...] = (
    *sizes.PROBLEMS, *networks.PROBLEMS, *shrinking.PROBLEMS, *transformers.PROBLEMS, *serving.PROBLEMS,
    *speed.PROBLEMS, *coding.PROBLEMS, *rounding.PROBLEMS, *learning.PROBLEMS,
)  # fmt: skip

BY_NAME = {question.__name__: question for question in PROBLEMS}
NAMES: tuple[str, ...] = tuple(BY_NAME)


def problem(name: str, seed: int) -> Problem:
    """The question of that name with the numbers of that seed: the same for ever.

    Raises:
        KeyError: there is no question of that name.
    """
    if name not in BY_NAME:
        raise KeyError(f"no question of arithmetic is called {name!r}; there are: {', '.join(NAMES)}")
    return replace(BY_NAME[name](Random(f"{name}/{seed}")), id=name, seed=seed)
