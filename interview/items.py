"""What can be asked, under one name each: `bank/ID`; `napkin/NAME#SEED`, arithmetic with drawn numbers."""

import random
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from interview import bank, napkin
from interview.schema import Question

LEVELS = ("junior", "mid", "senior", "staff")


@dataclass(frozen=True)
class Wish:
    """Which questions somebody wants; empty means any."""

    topics: tuple[str, ...] = ()
    levels: tuple[str, ...] = ()
    kinds: tuple[str, ...] = ()

    def __contains__(self, item: str) -> bool:
        topic, level, kind = about(item)
        return (
            (not self.topics or topic in self.topics)
            and (not self.levels or level in self.levels)
            and (not self.kinds or kind in self.kinds)
        )


def about(item: str) -> tuple[str, str, str]:
    """Topic, level and kind of an item."""
    found = look_up(item)
    kind = found.kind if isinstance(found, Question) else "napkin arithmetic"
    return found.topic, found.level, kind


def look_up(item: str) -> Question | napkin.Problem:
    """The question or problem of this name; a problem without a seed is drawn with seed 0.

    Raises:
        KeyError, ValueError: there is none (any more).
    """
    place, _, name = item.partition("/")
    if place == "bank":
        return by_id()[name]
    name, _, seed = name.partition("#")
    return napkin.problem(name, int(seed or 0))


def by_id() -> dict[str, Question]:
    return {question.id: question for question in bank.questions()}


def every() -> list[str]:
    """Every item, arithmetic without its seed."""
    return [f"bank/{question.id}" for question in bank.questions()] + [
        f"napkin/{name}" for name in napkin.NAMES
    ]


def exists(item: str) -> bool:
    try:
        look_up(item)
    except (KeyError, ValueError):
        return False
    return True


def choose(
    wish: Wish, count: int, *, due: dict[str, datetime], seed: int, among: Iterable[str] | None = None
) -> list[str]:
    """`count` items that fit the wish: what is due, then what is new, then what comes due soonest.

    Those that are equally urgent are drawn with the seed, and so are the numbers of arithmetic.
    """
    draw = random.Random(seed)
    fitting = [item for item in (every() if among is None else among) if item in wish]
    draw.shuffle(fitting)
    today = datetime.now(UTC)

    def urgency(item: str) -> tuple[int, float]:
        when = due.get(item)
        if when is None:
            return 1, 0.0
        return (0 if when <= today else 2), when.timestamp()

    return [numbered(item, draw) for item in sorted(fitting, key=urgency)[:count]]


def numbered(item: str, draw: random.Random) -> str:
    return item if item.startswith("bank/") else f"{item}#{draw.randrange(1, 10_000)}"


def weakest(scores: Iterable[tuple[str, float, float]]) -> list[tuple[str, float, float]]:
    """(topic, points, most) of each topic, the lowest share first, from those of single answers."""
    sums: dict[str, tuple[float, float]] = {}
    for topic, points, most in scores:
        before = sums.get(topic, (0.0, 0.0))
        sums[topic] = (before[0] + points, before[1] + most)
    ranked = sorted(
        sums.items(), key=lambda entry: (entry[1][0] / entry[1][1] if entry[1][1] else 0, entry[0])
    )
    return [(topic, points, most) for topic, (points, most) in ranked]


def lessons(topics: Sequence[str]) -> dict[str, str]:
    """Topic -> a lesson section that treats it, for those that have one."""
    found: dict[str, str] = {}
    for question in bank.questions():
        if question.topic in topics and question.lesson:
            found.setdefault(question.topic, question.lesson)
    return found
