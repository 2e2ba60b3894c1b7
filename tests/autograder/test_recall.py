"""A check that is answered as before ends as before, without its verdict; any other answer is judged."""

from collections.abc import Callable

import pytest

from autograder import grade, recall
from autograder.job import Source
from autograder.report import Result

from .conftest import REFERENCE

Judged = Callable[[str], Result]
WRONG = REFERENCE.replace("return x * 2", "return x * 3")


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch, workers: grade.Workers) -> list[str]:
    """The checks whose verdicts were computed; the memory is empty before."""
    workers.memory.trees.clear()
    found: list[str] = []
    really = grade.verdict

    def counted(asking: grade.RoomJudge, check: grade.Check) -> grade.CheckResult:
        found.append(check.id)
        return really(asking, check)

    monkeypatch.setattr(grade, "verdict", counted)
    return found


@pytest.mark.parametrize("text", [REFERENCE, WRONG, "", REFERENCE.replace("* 2", "* [1]")])
def test_what_was_answered_before_ends_as_before(judged: Judged, asked: list[str], text: str) -> None:
    first = judged(text)
    computed = len(asked)
    assert computed and judged(text).tasks == first.tasks
    assert len(asked) == computed, "a known answer was judged again"


def test_another_answer_is_judged(judged: Judged, asked: list[str], workers: grade.Workers) -> None:
    for text in (REFERENCE, WRONG, REFERENCE.replace("float(double", "1 + float(double")):
        remembered = judged(text)
        workers.memory.trees.clear()
        assert judged(text).tasks == remembered.tasks


def test_an_answer_that_differs_late_is_judged_whole(judged: Judged, asked: list[str]) -> None:
    judged(REFERENCE)
    late = REFERENCE.replace("return x * 2", "return x * 2 if x.numel() == 2 else x")
    asked.clear()
    result = judged(late)
    assert asked and [check.passed for check in result.tasks[0].checks] == [True, False, True]


def test_a_process_that_breaks_is_never_remembered(judged: Judged, asked: list[str]) -> None:
    breaks = REFERENCE.replace("return x * 2", "import os; os._exit(0)")
    first = judged(breaks)
    computed = len(asked)
    assert judged(breaks).tasks == first.tasks
    assert len(asked) > computed


def test_forged_answers_are_not_taken_for_known_ones(judged: Judged, asked: list[str]) -> None:
    judged(REFERENCE)
    forged = """
import json, os, re, gc
def double(x):
    text = b'{"id": 1, "value": 6.0, "sizes": []}'
    os.write(3, b"SHR1" + len(text).to_bytes(4, "little") + bytes(8) + text)
    return x * 2
"""
    assert judged(REFERENCE + forged).points < 7


def test_what_was_measured_comes_back_with_the_result(
    toy_root: grade.Path, workers: grade.Workers, asked: list[str]
) -> None:
    folder = toy_root / "autograder" / "measured"
    folder.mkdir(exist_ok=True)
    (folder / "test_toy.py").write_text(
        "from autograder.task import check, scenario\n\n\n@scenario\ndef call(work):\n"
        "    return work.total(torch.ones(3))\n\n\n@check('total', 'is measured')\n"
        "def test_a(judge):\n    judge.metrics['total'] = judge.run(call)\n"
    )
    room = grade.find_room("toy", folder)
    source = Source((("ana.py", REFERENCE),))
    for _ in range(2):
        assert grade.judge(room, source, "ana.py", seed=7, workers=workers).metrics == {"total": 6.0}
    assert asked == ["test_a"]


def test_memory_is_limited(workers: grade.Workers, judged: Judged, monkeypatch: pytest.MonkeyPatch) -> None:
    workers.memory.trees.clear()
    monkeypatch.setattr(recall, "MAX_CHECKS", 3)
    monkeypatch.setattr(recall, "MAX_ENDS", 2)
    for factor in range(2, 6):
        judged(REFERENCE.replace("x * 2", f"x * {factor}"))
    assert len(workers.memory.trees) == 3
    assert all(ends[0] <= 2 for _, ends in workers.memory.trees.values())
