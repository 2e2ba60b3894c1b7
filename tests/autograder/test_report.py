"""Reports: the fields of the JSON, nothing a learner wrote becomes markup, files are whole or absent."""

import io
import json
from pathlib import Path

import pytest
from rich.console import Console

from autograder import report
from autograder.report import CheckResult, Result, TaskResult

EVIL = "<script>alert(1)</script>[bold red]&\"'"


def result() -> Result:
    check = CheckResult(
        name=EVIL, passed=False, points=0, max_points=1, message=EVIL, hint=EVIL, status="failed"
    )
    task = TaskResult(name=EVIL, points=0, max_points=1, status="failed", message=EVIL, checks=[check])
    return Result(
        room="02_pruning", submission=EVIL, points=0, max_points=1, sandbox="full", seed=7, seconds=1.0,
        status="judged",
        tasks=[task], metrics={EVIL: 1.0}, message=EVIL,
    )  # fmt: skip


def test_the_json_has_the_promised_fields() -> None:
    data = json.loads(report.to_json([result()]))
    assert {
        "room",
        "submission",
        "points",
        "max_points",
        "sandbox",
        "seed",
        "seconds",
        "status",
        "tasks",
        "metrics",
    } <= set(data)
    assert {"name", "points", "max_points", "status", "message", "checks"} <= set(data["tasks"][0])
    assert {"name", "passed", "points", "max_points", "message", "hint"} <= set(data["tasks"][0]["checks"][0])
    several = report.to_json([result(), result()])
    assert len(json.loads(several)) == 2 and len(several.splitlines()) == 4  # a line each
    assert json.loads(report.to_json([])) == []


def test_the_table_shows_markup_as_text() -> None:
    out = io.StringIO()
    report.show(result(), Console(file=out, width=200))
    assert "[bold red]" in out.getvalue()


def test_points_are_written_as_people_write_them() -> None:
    assert [report.number(value) for value in (3.0, 2.5, 0.0, 10.0, 1 / 3)] == ["3", "2.5", "0", "10", "0.33"]


def test_a_file_is_whole_or_absent(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    target = tmp_path / "sub" / "a.json"
    report.write(target, "first")
    monkeypatch.setattr("os.replace", lambda *a: (_ for _ in ()).throw(OSError("full")))
    with pytest.raises(OSError, match="full"):
        report.write(target, "second")
    assert target.read_text() == "first"
    assert [file.name for file in target.parent.iterdir()] == ["a.json"]
