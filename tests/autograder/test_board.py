"""The local board: who gets on it, in which order, and what a damaged file says."""

from pathlib import Path

import pytest

from autograder import board
from autograder.report import Result


def result(submission: str, **metrics: float) -> Result:
    return Result(
        room="05_weight_sharing", submission=submission, points=1, max_points=1, sandbox="full", seed=7,
        seconds=1, status="judged", tasks=[], metrics=metrics,
    )  # fmt: skip


def test_the_best_result_of_each_submission_stands_there_the_largest_first(tmp_path: Path) -> None:
    file = tmp_path / "deep" / "board.jsonl"
    for name, ratio in (("ana.py", 331.0), ("ben.py", 400.0), ("ana.py", 350.5), ("ana.py", 340.0)):
        assert board.enter(result(name, board=ratio, accuracy=0.983), file)
    found = board.entries(file)
    assert [(entry["submission"], entry["ratio"]) for entry in found] == [
        ("ben.py", 400.0),
        ("ana.py", 350.5),
    ]
    assert board.table(found).row_count == 2


def test_a_result_below_the_mark_stays_off_the_board(tmp_path: Path) -> None:
    assert not board.enter(result("ana.py", compression_ratio=120.0), tmp_path / "board.jsonl")
    assert not (tmp_path / "board.jsonl").exists()
    assert board.entries(tmp_path / "board.jsonl") == []


@pytest.mark.parametrize(
    "line", ["{", "[]", '{"room": "x"}', '{"room": "x", "submission": "y", "ratio": "z"}']
)
def test_a_damaged_line_is_named(tmp_path: Path, line: str) -> None:
    file = tmp_path / "board.jsonl"
    board.enter(result("ana.py", board=331.0), file)
    with file.open("a") as stream:
        stream.write(line + "\n")
    with pytest.raises(board.DamagedBoard, match="line 2 is no entry"):
        board.entries(file)
