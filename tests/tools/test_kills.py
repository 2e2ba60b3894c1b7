"""The kill table says what was found with the checks as they are; a small fixed sample is judged again.

Reduced: of the mutants that `make kills` judges, every 29th of the tasks in SAMPLED, one judgement each.
"""

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from autograder.grade import Workers, find_room
from autograder.job import InfraError
from autograder.rooms import room_keys
from tools import kills

ROWS = json.loads(kills.RESULTS.read_text(encoding="utf-8"))["tasks"]
SAMPLED = {
    "measuring": 3,
    "pruning": 5,
    "quantization": 7,
    "distillation": 4,
    "weight_sharing": 4,
    "drills": 3,
    "clinic": 6,
}
STEP = 29


@pytest.mark.parametrize("key", room_keys().values())
def test_the_counts_are_those_of_the_checks_and_the_reference_as_they_are(key: str) -> None:
    room = find_room(key)
    counted = {row["task"]: row for row in ROWS if row["room"] == key}
    missing = [task for task in room.tasks if task not in counted and task not in kills.EXPERIMENTS]
    assert missing == [], "run `make kills`"
    old = [task for task in counted if counted[task]["made_from"] != kills.made_from_now(room, task)]
    assert old == [], f"run `make kills ARGS='{' '.join(old)}'`"


def test_the_page_shows_the_results() -> None:
    assert kills.PAGE.read_text(encoding="utf-8") == kills.page(ROWS, kills.equivalents()), "run `make kills`"


def test_every_number_adds_up() -> None:
    for row in ROWS:
        assert row["mutants"] == row["killed"] + row["equivalent"] + len(row["survivors"]), row["task"]


def test_every_excuse_is_for_a_change_that_is_made() -> None:
    rooms = [find_room(key) for key in room_keys().values()]
    assert kills.stale(kills.equivalents(), rooms) == []
    gone = ["entropy_bits: a -> *", "entropy_bits: a -> b"]
    assert kills.stale(dict.fromkeys(gone, "there is no such change"), rooms) == gone


def sample(topic: str) -> list[tuple[kills.Subject, Any]]:
    """(function, mutant) pairs: mutants of a room's first cheap tasks that `make kills` saw refused."""
    room, why = find_room(topic), kills.equivalents()
    left = {key for row in ROWS for key in row["survivors"]}
    own = [subject for subject in kills.subjects(room) if len(subject.tasks) == 1][: SAMPLED[topic]]
    pairs = [(subject, mutant) for subject in own for mutant in subject.mutants]
    pairs = [
        (s, mutant) for s, mutant in pairs if mutant.key not in left and not kills.excuse(mutant.key, why)
    ]
    return pairs[::STEP]


@pytest.mark.parametrize("topic", SAMPLED)
def test_a_sample_of_the_mutants_is_refused_again(topic: str, workers: Workers) -> None:
    bench = kills.Bench(workers)
    chosen = sample(topic)
    assert len(chosen) >= 3
    for subject, mutant in chosen:
        source = subject.source(mutant)
        checks = [check for task in subject.tasks for check in subject.room.tasks[task]]
        fate = bench.fate(subject.room, checks, source)
        assert fate["status"] != kills.PASSED, f"no check refuses {mutant.key}"


@pytest.fixture(scope="module")
def workers() -> Any:
    with Workers() as started:
        yield started


class Counting(kills.Bench):
    """Refuses everything with the check `by` alone, and counts how often it is asked."""

    def __init__(self, by: str) -> None:
        self.by, self.asked = by, 0

    def in_order(self, room: Any, tasks: Any) -> list[Any]:
        return [check for task in tasks for check in room.tasks[task]]

    def fate(self, room: Any, checks: Any, source: Any) -> kills.Fate:
        self.asked += len(checks)
        refused = self.by in [check.id for check in checks]
        return {"status": "failed" if refused else kills.PASSED, "check": self.by if refused else ""}


def test_a_second_run_judges_nothing_and_a_changed_check_what_hangs_on_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    room = find_room("measuring")
    subject = next(item for item in kills.subjects(room) if item.name == "compression_ratio")
    checks = [check.id for check in room.tasks["compression_ratio"]]
    bench, again = Counting(checks[-1]), Counting(checks[-1])
    first = kills.kill(subject, bench, tmp_path)
    assert bench.asked == len(checks) * len(first) and {fate["check"] for fate in first.values()} == {
        checks[-1]
    }
    assert kills.kill(subject, again, tmp_path) == first and again.asked == 0
    real = kills.digest_of
    monkeypatch.setattr(
        kills, "digest_of", lambda check, module: "new" if check.id == checks[0] else real(check, module)
    )
    assert kills.kill(subject, again, tmp_path) == first and again.asked == 0, (
        "the check that refuses is the same"
    )
    monkeypatch.setattr(kills, "digest_of", lambda check, module: f"newer {check.id}")
    kills.kill(subject, again, tmp_path)
    assert again.asked == len(checks) * len(first)


def test_a_fault_of_the_judge_is_no_kill(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(session: Any, check: Any) -> Any:
        raise InfraError("no worker")

    monkeypatch.setattr(kills, "judge_check", broken)
    room = find_room("measuring")
    with pytest.raises(InfraError, match="no worker"):
        kills.Bench(SimpleNamespace(trusted=None)).fate(room, room.checks[:1], room.reference)  # type: ignore[arg-type]
