"""A class: nobody lost, nobody twice, the same results after any mishap, only what changed judged again."""

import functools
import json
import os
import signal
import threading
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest

from autograder import class_run, grade
from autograder.class_run import Order, Run, Seeds, Unit
from autograder.collect import collect
from autograder.job import InfraError
from autograder.pool import Pool
from autograder.report import Result
from autograder.store import Store
from tests.autograder.conftest import REFERENCE


@dataclass
class Fakes:
    """Judges that give a point a byte, at once, and can be interrupted."""

    version: str
    level: str = "full"
    stop_after: int = 1000
    lose: bytes = b"poison"
    asked: list[Unit] = field(default_factory=list)

    def hello(self) -> bytes:
        return json.dumps({"level": self.level, "version": self.version}).encode()

    def run(self, units: Iterable[Unit]) -> Iterator[tuple[Unit, bytes | None]]:
        for count, unit in enumerate(list(units)):  # as the pool, they take units before results arrive
            if count == self.stop_after:
                raise KeyboardInterrupt
            self.asked.append(unit)
            if unit.data.startswith(self.lose):
                yield unit, None
                continue
            result = Result(
                room="01_toy", submission=unit.name, points=len(unit.data), max_points=99, sandbox=self.level,
                seed=unit.seed, seconds=time.time(), cpu_seconds=time.time(), status="judged", tasks=[],
                metrics={},
            )  # fmt: skip
            yield unit, result.model_dump_json().encode()


@pytest.fixture
def people(tmp_path: Path) -> Path:
    """Ana and Bo handed in the same, Cy something longer, Di nothing readable, Ed an archive in name only."""
    folder = tmp_path / "class"
    folder.mkdir()
    for name, text in {"ana.py": "a", "bo.py": "a", "cy.py": "ccc", "ed.zip": "no zip"}.items():
        (folder / name).write_text(text)
    (folder / "di").mkdir()
    return folder


@pytest.fixture
def fakes(room: grade.Room) -> Fakes:
    return Fakes(class_run.version(room))


def judged(
    room: grade.Room, folder: Path, store: Path, fakes: Any, **options: Any
) -> tuple[Run, list[Result]]:
    with Store(store) as opened:
        seeds = options.pop("seeds", Seeds(b"secret"))
        run = Run(room, Order(room.key, **options), seeds, opened)
        run.judge(collect(folder, room.key), fakes)
        return run, list(run.results)


def test_everybody_has_one_result_and_equal_work_is_judged_once(
    room: grade.Room, people: Path, tmp_path: Path, fakes: Fakes
) -> None:
    run, results = judged(room, people, tmp_path / "store", fakes)
    assert [(one.learner, one.submission, one.status, one.points) for one in results] == [
        ("ana", "ana.py", "judged", 1),
        ("bo", "bo.py", "judged", 1),
        ("cy", "cy.py", "judged", 3),
        ("di", "di", "unreadable", 0),
        ("ed", "ed.zip", "unreadable", 0),
    ]
    assert "ed.zip is damaged or no archive" in results[4].message
    assert len(fakes.asked) == 2 and {unit.name for unit in fakes.asked} == {"01_toy.py"}
    assert (run.tally.judged, run.tally.same, run.tally.kept) == (2, 1, 0)
    assert not any(one.seconds or one.cpu_seconds or one.reference_cpu_seconds for one in results)


def test_a_stopped_run_goes_on_and_ends_the_same(
    room: grade.Room, people: Path, tmp_path: Path, fakes: Fakes
) -> None:
    _, undisturbed = judged(room, people, tmp_path / "whole", fakes)
    with pytest.raises(KeyboardInterrupt):
        judged(room, people, tmp_path / "store", replace(fakes, stop_after=1, asked=[]))
    again = replace(fakes, asked=[])
    _, results = judged(room, people, tmp_path / "store", again)
    assert results == undisturbed
    assert len(again.asked) == 1
    third = replace(fakes, asked=[])
    run, results = judged(room, people, tmp_path / "store", third)
    assert results == undisturbed and not third.asked and run.tally.kept == 2


def test_a_lost_submission_is_a_fault_of_ours_and_tried_again_later(
    room: grade.Room, people: Path, tmp_path: Path, fakes: Fakes
) -> None:
    (people / "ann.py").write_text("poison")
    _, results = judged(room, people, tmp_path / "store", fakes)
    assert results[1].learner == "ann" and results[1].status == "infra_error"
    assert "by hand" in results[1].message and [one.points for one in results] == [1, 0, 1, 3, 0, 0]
    later = replace(fakes, lose=b"nothing", asked=[])
    _, results = judged(room, people, tmp_path / "store", later)
    assert results[1].status == "judged" and [unit.data for unit in later.asked] == [b"poison"]


CHANGES: dict[str, dict[str, Any]] = {
    "another secret": {"seeds": Seeds(b"other")},
    "a fixed seed": {"seeds": Seeds(fixed=3)},
    "a task left out": {"tasks": ("double",)},
    "other probes": {"probe_seed": 1},
}


@pytest.mark.parametrize("options", CHANGES.values(), ids=list(CHANGES))
def test_whatever_decides_a_mark_has_it_judged_again(
    options: dict[str, Any], room: grade.Room, people: Path, tmp_path: Path, fakes: Fakes
) -> None:
    judged(room, people, tmp_path / "store", fakes)
    fakes.asked.clear()
    run, _ = judged(room, people, tmp_path / "store", fakes, **options)
    assert run.tally.judged + run.tally.kept == 2 and fakes.asked
    fakes.asked.clear()
    judged(room, people, tmp_path / "store", fakes)
    assert not fakes.asked, "and the first results are still there"


def test_a_changed_submission_alone_is_judged_again(
    room: grade.Room, people: Path, tmp_path: Path, fakes: Fakes
) -> None:
    judged(room, people, tmp_path / "store", fakes)
    (people / "cy.py").write_text("cccc")
    fakes.asked.clear()
    _, results = judged(room, people, tmp_path / "store", fakes)
    assert [unit.data for unit in fakes.asked] == [b"cccc"] and results[2].points == 4


def test_another_sandbox_is_another_result(
    room: grade.Room, people: Path, tmp_path: Path, fakes: Fakes
) -> None:
    judged(room, people, tmp_path / "store", fakes)
    weaker = replace(fakes, level="process", asked=[])
    _, results = judged(room, people, tmp_path / "store", weaker)
    assert len(weaker.asked) == 2 and {one.sandbox for one in results} == {"process"}


def test_changed_checks_have_everything_judged_again(
    room: grade.Room, people: Path, tmp_path: Path, fakes: Fakes, monkeypatch: pytest.MonkeyPatch
) -> None:
    judged(room, people, tmp_path / "store", fakes)
    monkeypatch.setattr(class_run, "version", lambda room: "new")
    newer = replace(fakes, version="new", asked=[])
    run, _ = judged(room, people, tmp_path / "store", newer)
    assert len(newer.asked) == run.tally.judged == 2


def test_workers_of_another_version_are_refused(
    room: grade.Room, people: Path, tmp_path: Path, fakes: Fakes
) -> None:
    with pytest.raises(InfraError, match="another version of the course"):
        judged(room, people, tmp_path / "store", replace(fakes, version="old"))


def test_the_version_knows_what_decides_and_nothing_else(toy_root: Path, tmp_path: Path) -> None:
    """Built on a copy of the toy course, one change at a time."""
    import shutil

    course = tmp_path / "course"
    shutil.copytree(toy_root, course)
    checks = course / "autograder" / "checks"

    def now() -> str:
        return class_run.version(grade.find_room("toy", checks), course)

    first = now()
    (course / "autograder" / "overview.py").write_text("page = 1")
    assert now() == first
    for name, text in {
        "autograder/checks/test_toy.py": (checks / "test_toy.py").read_text() + "# changed\n",
        "shrink/toy.py": REFERENCE + "# changed\n",
        "autograder/grade.py": "from autograder import helper\n",
        "autograder/helper.py": "changed = True\n",
        "autograder/answers/toy/mutants/double__halves.py": "changed = True\n",
        "data/SHA256SUMS": "changed",
    }.items():
        (course / name).parent.mkdir(parents=True, exist_ok=True)
        (course / name).write_text(text)
        assert now() != first, name
        first = now()


def test_the_modules_that_decide_are_those_that_judge() -> None:
    names = {file.stem for file in class_run.judging_modules(Path(class_run.__file__).parent)}
    assert {"grade", "job", "wire", "worker", "loader", "scenarios", "sandbox", "walls", "task"} <= names
    assert not names & {"class_run", "collect", "pages", "exports", "overview", "board", "doctor", "cluster"}


ANSWERS = {
    "ana.py": REFERENCE,
    "bo.py": REFERENCE.replace("x * 2", "x + x"),
    "cy.py": REFERENCE.replace("x * 2", "x + 2"),
    "di.py": "def double(x):\n    while True: pass\n",
    "ed.py": "import os\n\ndef double(x):\n    os._exit(3)\n",
    "flo.ipynb": "{",
    "gus.py": REFERENCE,
}


def test_a_real_pool_judges_and_survives_the_death_of_a_process(
    room: grade.Room, toy_root: Path, tmp_path: Path
) -> None:
    """Seven submissions, one process, killed while it judges the one that loops."""
    folder = tmp_path / "class"
    folder.mkdir()
    for name, text in ANSWERS.items():
        (folder / name).write_text(text)
    order = Order(room.key, checks=toy_root / "autograder" / "checks")
    pool = Pool(functools.partial(class_run.start, order), 1)
    killed: list[int] = []

    def kill() -> None:
        while not killed:
            pids = [
                one.process.pid
                for one in pool.processes
                if one.unit is not None and b"while True" in one.unit.data
            ]
            if pids:
                time.sleep(0.2)
                os.kill(pids[0] or 0, signal.SIGKILL)
                killed.append(pids[0] or 0)
            time.sleep(0.005)

    threading.Thread(target=kill, daemon=True).start()
    try:
        _, results = judged(room, folder, tmp_path / "store", pool, checks=order.checks)
    finally:
        pool.close()
    assert killed
    assert [(one.learner, one.points, one.status) for one in results] == [
        ("ana", 7, "judged"),
        ("bo", 7, "judged"),
        ("cy", 2, "judged"),
        ("di", 0, "judged"),
        ("ed", 0, "judged"),
        ("flo", 0, "unreadable"),
        ("gus", 7, "judged"),
    ]
    assert "flo.ipynb is not a notebook" in results[5].message
    assert results[3].tasks[0].status == "timeout" and results[4].tasks[0].status == "crashed"
