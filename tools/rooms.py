"""Rooms and their doors: every path of a room is computed from its key, ``NN_topic``.

Practice is a room without a number and without a lesson: exercises that draw on all rooms. A page is the
opposite: a text among the lessons with no exercise.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
KEY = re.compile(r"(\d\d)_([a-z]+(?:_[a-z]+)*)")
PRACTICE = ("clinic", "drills")
PAGES = ("interview",)

# How many topics each section of the syllabus has: A1 .. A19, ..., and the faults F1 .. F17.
SECTIONS = {"A": 19, "B": 11, "C": 11, "D": 19, "E": 12, "F": 17}
TOPICS = frozenset(f"{letter}{n}" for letter, count in SECTIONS.items() for n in range(1, count + 1))

# What an open room has to cover; a room is added here when it is opened.
PROMISED = {
    "measuring": frozenset({"A1", "A2", "A3", "A4", "A5", "B1", "B3", "D18"}),
    "pruning": frozenset({"A6", "A13", "B10", "C3", "C4", "D3", "D10", "E6"}),
    "quantization": frozenset({"A8", "A15", "B4", "B9", "C5", "C6", "E7", "F4", "F5", "F6", "F15"}),
    "distillation": frozenset(
        {"A7", "A14", "B2", "B11", "C7", "C8", "D1", "D2", "D5", "D6", "D7", "D8", "D9", "D11", "E9"}
        | {"F7", "F8", "F9", "F10"}
    ),
    "weight_sharing": frozenset({"B1", "E2", "F16"}),
    "clinic": frozenset(f"F{n}" for n in range(1, SECTIONS["F"] + 1)),
    "drills": frozenset(),
}


@dataclass(frozen=True, order=True)
class Room:
    """One technique. Its key is the only thing that is chosen; every path follows from it."""

    key: str
    root: Path = ROOT

    def __post_init__(self) -> None:
        if self.taught and not KEY.fullmatch(self.key):
            raise ValueError(f"a room's key looks like 02_pruning, got {self.key!r}")

    @property
    def taught(self) -> bool:
        """Whether the room has lesson and exercise, and so a number."""
        return self.key not in (*PRACTICE, *PAGES)

    @property
    def topic(self) -> str:
        return self.key[3:] if self.taught else self.key

    @property
    def kinds(self) -> tuple[str, ...]:
        """The texts that are written for the room."""
        kinds = {**dict.fromkeys(PRACTICE, ("exercise",)), **dict.fromkeys(PAGES, ("lesson",))}
        return kinds.get(self.key, ("lesson", "exercise"))

    @property
    def lesson_source(self) -> Path:
        return self.root / "source" / self.key / "lesson.py"

    @property
    def exercise_source(self) -> Path:
        return self.root / "source" / self.key / "exercise.py"

    @property
    def lesson(self) -> Path:
        return self.root / "lessons" / f"{self.key}.ipynb"

    @property
    def exercise(self) -> Path:
        return self.root / "exercises" / self.key / f"{self.key}.ipynb"

    @property
    def solution(self) -> Path:
        return self.root / "solutions" / self.key / f"{self.key}.ipynb"

    @property
    def module(self) -> Path:
        return self.root / "shrink" / f"{self.topic}.py"

    @property
    def checks(self) -> Path:
        return self.root / "autograder" / "checks" / f"test_{self.topic}.py"

    @property
    def answers(self) -> Path:
        return self.root / "autograder" / "answers" / self.topic

    @property
    def tests(self) -> Path:
        return self.root / "tests" / "shrink" / f"test_{self.topic}.py"

    def doors(self) -> Iterator[Path]:
        """Every path that must exist while the room does."""
        if "lesson" in self.kinds:
            yield from (self.lesson_source, self.lesson)
        if "exercise" in self.kinds:
            yield from (self.exercise_source, self.exercise, self.solution)
            yield from (self.module, self.checks, self.answers, self.tests)


def all_rooms(root: Path = ROOT) -> list[Room]:
    """The open rooms in order: the numbered folders of ``source/``, then practice."""
    numbered = sorted(path.name for path in (root / "source").glob("[0-9][0-9]_*") if path.is_dir())
    practice = [name for name in PRACTICE if (root / "source" / name).is_dir()]
    return [Room(name, root) for name in (*numbered, *practice)]


def pages(root: Path = ROOT) -> list[Room]:
    """The texts among the lessons that belong to no room."""
    return [Room(name, root) for name in PAGES if (root / "source" / name).is_dir()]


def find(name: str, root: Path = ROOT) -> Room:
    """The room or page with this key or topic."""
    rooms = all_rooms(root) + pages(root)
    for room in rooms:
        if name in (room.key, room.topic):
            return room
    known = ", ".join(room.key for room in rooms) or "none"
    raise ValueError(f"no room is called {name!r}; rooms: {known}")


def topics_before(topic: str, root: Path = ROOT) -> frozenset[str]:
    """Topics whose modules ``shrink/<topic>.py`` may import: those of the numbered rooms before it."""
    room = find(topic, root)
    return frozenset(other.topic for other in all_rooms(root) if other.taught and other.key < room.key)
