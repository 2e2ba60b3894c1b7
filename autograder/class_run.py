"""A whole class judged: every submission once, results kept as they arrive, the same files after any mishap.

A result is a function of the submission's bytes, the seed, and whatever else decides a mark (`version`); a
digest of these is its key in the store. So a run goes on where another one ended, equal submissions are
judged once, and when checks change only what they decide is judged again.
"""

import ast
import functools
import hashlib
import hmac
import json
import platform
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from importlib.metadata import version as installed
from pathlib import Path
from typing import Any, Protocol, overload

from autograder import grade, submission
from autograder.collect import Class, Found
from autograder.job import InfraError
from autograder.pool import Broken, Judge
from autograder.report import Result
from autograder.rooms import CHECKS, ROOT, Room, find_room
from autograder.sandbox import LEVELS
from autograder.store import Store
from autograder.submission import Unreadable

LOST = "the process that judged this submission ended, three times over; look at it by hand"
DECIDING = ("grade", "worker", "probes", "wire")  # with all that they import: who decides a mark
PACKAGES = ("torch", "numpy")


@dataclass(frozen=True)
class Order:
    """What is asked of every worker process."""

    room: str
    tasks: tuple[str, ...] | None = None
    level: str | None = None
    probe_seed: int = 0
    checks: Path | None = None  # only for a room that is not in this course


@dataclass(frozen=True)
class Unit:
    """One submission to judge, wherever: its bytes travel with it."""

    key: str
    name: str  # the same for all learners, so that equal work is equal; ends in .ipynb or .py
    data: bytes
    seed: int


class Judges(Protocol):
    """Whoever judges units: a pool of processes here, or a cluster."""

    def hello(self) -> bytes: ...

    def run(self, units: Iterable[Unit]) -> Iterator[tuple[Unit, bytes | None]]: ...


# ---- in a worker process, or before it is forked ---------------------------------------------------


def start(order: Order) -> tuple[bytes, Judge]:
    """What a worker process says of itself, and the judge that it runs."""
    try:
        room = find_room(order.room, order.checks or CHECKS)
        workers = grade.Workers(order.level)
        assert workers.trusted.ready  # waited for here: of the processes to be forked one alone could
    except (InfraError, grade.UnknownRoom) as error:
        return json.dumps({"fault": str(error)}).encode(), lambda unit: b""
    workers.probe_seed = order.probe_seed
    hello = {"level": workers.level, "version": version(room)}
    return json.dumps(hello).encode(), functools.partial(judge, room, order, [workers])


def judge(room: Room, order: Order, workers: list[grade.Workers], unit: Unit) -> bytes:
    """One submission's result as JSON; after a fault of ours it is tried again with new workers."""
    for attempt in range(3):
        try:
            result = judge_once(room, order, workers[0], unit)
        except Exception as error:  # a bug of ours: named, and no process is lost over it
            result = grade.unreadable(
                room, unit.name, f"{type(error).__name__}: {error}", seed=unit.seed, workers=workers[0]
            )
            result = result.model_copy(
                update={"status": "infra_error", "max_points": max_points(room, order.tasks)}
            )
        if result.status != "infra_error" or attempt == 2:
            break
        workers[0].close()
        workers[0] = grade.Workers(order.level)
        workers[0].probe_seed = order.probe_seed
    return result.model_dump_json().encode()


def judge_once(room: Room, order: Order, workers: grade.Workers, unit: Unit) -> Result:
    tasks = list(order.tasks) if order.tasks is not None else None
    try:
        source = submission.parse(unit.data, unit.name).source
    except Unreadable as error:
        result = grade.unreadable(room, unit.name, str(error), seed=unit.seed, workers=workers)
        return result.model_copy(update={"max_points": max_points(room, order.tasks)})
    return grade.judge(room, source, unit.name, seed=unit.seed, workers=workers, tasks=tasks)


# ---- what decides a mark -------------------------------------------------------------------------


def version(room: Room, root: Path = ROOT) -> str:
    """A digest of all that decides a mark, apart from the submission, the seed, the tasks and the sandbox:
    the room's checks, its reference and known mistakes, the judge's own modules, the data, the packages.
    """
    digest = hashlib.sha256()
    here = root / "autograder"
    files = [room.answers.parent / "checks" / f"test_{room.topic}.py", *sorted(judging_modules(here))]
    files += sorted((room.answers / room.topic).rglob("*.py"))
    files += [root / "shrink" / f"{name}.py" for name in ("nets", "data", "training", "range_coder")]
    files += [root / "data" / "SHA256SUMS"]
    for file in files:
        data = file.read_bytes() if file.exists() else b""
        digest.update(f"{file.name} {len(data)}\n".encode() + data)
    packages = {name: installed(name) for name in PACKAGES}
    others = [room.reference.cells, room.library, packages, platform.python_version()]
    digest.update(json.dumps(others, sort_keys=True).encode())
    return digest.hexdigest()


def judging_modules(folder: Path) -> set[Path]:
    """The modules that take part in judging, found by following imports; reports and exports are not."""
    found: set[Path] = set()
    waiting = list(DECIDING)
    while waiting:
        file = folder / f"{waiting.pop()}.py"
        if file in found or not file.exists():
            continue
        found.add(file)
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom) and (node.module or "").partition(".")[0] == "autograder":
                inner = (node.module or "").partition(".")[2]
                waiting += [inner] if inner else [alias.name for alias in node.names]
    return found


def max_points(room: Room, tasks: tuple[str, ...] | None) -> float:
    return sum(check.points for check in room.checks if tasks is None or check.task in tasks)


@dataclass(frozen=True)
class Seeds:
    """Where inputs come from: an instructor's secret, or one number for everybody."""

    secret: bytes = b""
    fixed: int | None = None

    def of(self, data: bytes) -> int:
        return self.fixed if self.fixed is not None else grade.seed_for(data, self.secret)

    @property
    def of_probes(self) -> int:
        """The seed of the inputs that tell mistakes apart: one for a class, and as secret as the others."""
        return int.from_bytes(hmac.digest(self.secret, f"probes {self.fixed}".encode(), "sha256")[:4])


# ---- in the coordinator --------------------------------------------------------------------------


@dataclass(frozen=True)
class Line:
    """What the coordinator remembers of a learner: little, however large the class."""

    found: Found
    name: str = ""
    key: str = ""
    problem: str = ""


@dataclass
class Tally:
    """How a run went."""

    learners: int = 0
    kept: int = 0  # results that an earlier run had left
    judged: int = 0
    same: int = 0  # submissions equal to another one of this class


@dataclass
class Run:
    """One run over a class: what it needs, and what has become of it."""

    room: Room
    order: Order
    seeds: Seeds
    store: Store
    required: str | None = None  # a weaker sandbox is refused
    level: str = ""
    version: str = ""
    lines: list[Line] = field(default_factory=list)
    tally: Tally = field(default_factory=Tally)

    def judge(self, people: Class, judges: Judges, advance: Callable[[], None] = lambda: None) -> None:
        """Judge whoever has no result that holds; `advance` is called once a learner."""
        hello = json.loads(judges.hello())
        if "fault" in hello:
            raise InfraError(hello["fault"])
        self.level, self.version = hello["level"], hello["version"]
        if self.version != version(self.room):
            raise InfraError("the workers have another version of the course than this process: reinstall it")
        if self.required and LEVELS.index(self.level) < LEVELS.index(self.required):
            offered = f"this machine offers the sandbox {self.level}, not {self.required}"
            raise InfraError(f"{offered}; see: python -m autograder doctor")
        try:
            for unit, reply in judges.run(self.units(people, advance)):
                self.store.append(unit.key, self.lost(unit) if reply is None else json.loads(reply))
                self.tally.judged += 1
                advance()
        except Broken as error:
            raise InfraError(str(error)) from error

    def units(self, people: Class, advance: Callable[[], None]) -> Iterator[Unit]:
        """What there is to judge; everything else about a learner is noted on the way."""
        begun: set[str] = set()
        for found in people.learners:
            self.tally.learners += 1
            try:
                if found.path is None:
                    raise Unreadable(found.problem)
                name, data = submission.take(found.path, self.room.key)
            except Unreadable as error:
                self.lines.append(Line(found, problem=str(error)))
                advance()
                continue
            unit = self.unit(data, name)
            self.lines.append(Line(found, name, unit.key))
            if unit.key in self.store or unit.key in begun:
                self.tally.same += unit.key in begun
                self.tally.kept += unit.key not in begun
                begun.add(unit.key)
                advance()
                continue
            begun.add(unit.key)
            yield unit

    def unit(self, data: bytes, name: str) -> Unit:
        """The submission as it is judged: under one name for all, so that equal work gets equal words."""
        ending = ".ipynb" if name.endswith(".ipynb") else Path(name).suffix
        neutral, seed = f"{self.room.key}{ending}", self.seeds.of(data)
        parts = [self.version, self.level, self.order.tasks, self.order.probe_seed, neutral, seed]
        digest = hashlib.sha256(json.dumps(parts).encode())
        digest.update(data)
        return Unit(digest.hexdigest(), neutral, data, seed)

    def lost(self, unit: Unit) -> dict[str, Any]:
        """The result of a submission that took three processes along: a fault of ours, never a zero."""
        return self.empty(unit.name, "infra_error", LOST, unit.seed).model_dump()

    def empty(self, name: str, status: Any, message: str, seed: int = 0) -> Result:
        return Result(
            room=self.room.key, submission=name, points=0.0, seed=seed, seconds=0.0, status=status,
            max_points=max_points(self.room, self.order.tasks), sandbox=self.level, tasks=[], metrics={},
            message=message,
        )  # fmt: skip

    def result(self, line: Line) -> Result:
        """A learner's result as it is handed out: without times, which differ from run to run."""
        handed_in = line.found.name or line.name
        if line.problem:
            name = handed_in or (line.found.path.name if line.found.path else "")
            result = self.empty(name, "unreadable", line.problem)
        else:
            result = Result.model_validate(self.store[line.key])
            if result.status == "unreadable":  # it was parsed under the name that all share
                result.message = result.message.replace(result.submission, handed_in)
            result.submission = handed_in
        timeless = {"seconds": 0.0, "cpu_seconds": 0.0, "reference_cpu_seconds": 0.0}
        return result.model_copy(update={"learner": line.found.learner, **timeless})

    @property
    def results(self) -> "Results":
        return Results(self)


class Results(Sequence[Result]):
    """Everyone's results in the order of their names, each read from the store when it is asked for."""

    def __init__(self, run: Run) -> None:
        self.run = run

    def __len__(self) -> int:
        return len(self.run.lines)

    @overload
    def __getitem__(self, at: int) -> Result: ...
    @overload
    def __getitem__(self, at: slice) -> list[Result]: ...
    def __getitem__(self, at: int | slice) -> Result | list[Result]:
        if isinstance(at, slice):
            return [self.run.result(line) for line in self.run.lines[at]]
        return self.run.result(self.run.lines[at])
