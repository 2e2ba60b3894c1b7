"""The rooms as the judge sees them: their checks, the names they ask for, and the reference's source."""

import importlib.util
import inspect
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import ModuleType

from autograder.job import Source
from autograder.task import Check, Scenario

ROOT = Path(__file__).resolve().parent.parent
CHECKS = Path(__file__).resolve().parent / "checks"
ANSWERS = Path(__file__).resolve().parent / "answers"


@dataclass(frozen=True)
class Room:
    """One room as the judge sees it: its key, its checks in order, and the reference's source."""

    key: str
    topic: str
    checks: tuple[Check, ...]
    wanted: tuple[str, ...]  # the names its scenarios ask of a submission
    reference: Source
    library: tuple[tuple[str, str], ...] = ()  # (topic, text) of the earlier rooms' modules; none in practice
    answers: Path = ANSWERS
    lessons: dict[str, str] = field(default_factory=dict, compare=False)  # task -> path#heading

    @property
    def tasks(self) -> dict[str, list[Check]]:
        grouped: dict[str, list[Check]] = {}
        for check in self.checks:
            grouped.setdefault(check.task, []).append(check)
        return grouped

    @property
    def max_points(self) -> float:
        return sum(check.points for check in self.checks)

    def ask(self, source: Source) -> Source:
        """The submission with the names this room asks for and the modules it may import."""
        return replace(source, wanted=self.wanted, library=self.library)


class UnknownRoom(Exception):
    """There is no such room; the message lists those there are."""


def room_keys(checks: Path = CHECKS, root: Path = ROOT) -> dict[str, str]:
    """topic -> key of every room that has checks; the number comes from the room's folder of text."""
    folders = [
        folder.name
        for place in ("source", "lessons", "exercises")
        for folder in sorted((root / place).glob("[0-9][0-9]_*"))
    ]
    numbered = {name.partition(".")[0][3:]: name.partition(".")[0] for name in folders}
    topics = sorted(file.stem.removeprefix("test_") for file in checks.glob("test_*.py"))
    return dict(sorted(((topic, numbered.get(topic, topic)) for topic in topics), key=lambda item: item[1]))


def find_room(name: str, checks: Path = CHECKS) -> Room:
    """The room of this key or topic, its checks loaded; the course is the one they belong to."""
    root = checks.resolve().parent.parent
    keys = room_keys(checks, root)
    topic = next((topic for topic, key in keys.items() if name in (topic, key)), None)
    if topic is None:
        raise UnknownRoom(f"there is no room {name!r}; there are: {', '.join(keys.values()) or 'none'}")
    module = load_checks(checks / f"test_{topic}.py")
    found = [
        value.check for value in vars(module).values() if isinstance(getattr(value, "check", None), Check)
    ]
    found.sort(key=lambda check: inspect.unwrap(check.verdict).__code__.co_firstlineno)
    scenarios = [value.source for value in vars(module).values() if isinstance(value, Scenario)]
    asked = {word for source in scenarios for word in re.findall(r"\bwork\.(\w+)", source)}
    wanted = tuple(sorted(asked | {check.task for check in found}))
    modules = {other: root / "shrink" / f"{other}.py" for other in keys}
    texts = {other: file.read_text(encoding="utf-8") for other, file in modules.items() if file.exists()}
    earlier = [other for other in texts if keys[other] < keys[topic]]
    # A room without a number is practice: what it asks for must not be had by importing it.
    library = tuple((other, texts[other]) for other in earlier if keys[topic] != topic)
    reference = Source(((f"{topic}.py", texts.get(topic, "")),))
    explained = getattr(module, "EXPLAINED_IN", {}).items()
    sections = {task: section(keys, topic, heading) for task, heading in explained}
    answers = checks.resolve().parent / "answers"
    return Room(keys[topic], topic, tuple(found), wanted, reference, library, answers, sections)


def section(keys: dict[str, str], topic: str, heading: str) -> str:
    """Where a lesson explains something: "3 By hand" of the room itself, "pruning#3 By hand" of another."""
    other, _, name = heading.rpartition("#")
    return f"lessons/{keys[other or topic]}.ipynb#{name.replace(' ', '-')}"


def answers(room: Room, kind: str, folder: Path | None = None) -> Iterator[tuple[str, Path]]:
    """(task, file) of each known wrong answer ("mutants") or unusual right one ("twins") of a room."""
    for file in sorted(((folder or room.answers) / room.topic / kind).glob("*.py")):
        # A task may end in an underscore itself, so the first double one need not be the border.
        fitting = [task for task in room.tasks if file.stem.startswith(f"{task}__")]
        yield max(fitting, key=len, default=file.stem.partition("__")[0]), file


def load_checks(file: Path) -> ModuleType:
    """Import a room's checks: our own code, by file, so that a test can bring its own folder."""
    name = f"autograder.checks.{file.stem}" if file.parent == CHECKS else f"checks_of_{abs(hash(file))}"
    if name in sys.modules and name.startswith("autograder."):
        return sys.modules[name]
    spec = importlib.util.spec_from_file_location(name, file)
    if spec is None or spec.loader is None:
        raise ImportError(f"{file} cannot be imported")
    module = sys.modules[name] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
