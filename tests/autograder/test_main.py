"""The command line: bad usage is one line and exit code 2, and no zygote is started for it."""

import contextlib
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from autograder import __main__ as program
from autograder import grade


def run(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> int:
    monkeypatch.setattr(sys, "argv", ["autograder", *arguments])
    try:
        program.main()
    except SystemExit as end:
        return int(end.code or 0)
    return 0


BAD = {
    "no room": ["grade"],
    "unknown room": ["grade", "99_nothing", __file__],
    "no such file": ["grade", "pruning", "/no/such/file.py"],
    "bad seed": ["grade", "pruning", __file__, "--seed", "many"],
    "unknown option": ["grade", "pruning", __file__, "--fast"],
    "unknown level": ["grade", "pruning", __file__, "--require-sandbox", "steel"],
    "unknown command": ["divine"],
}


@pytest.mark.parametrize("arguments", BAD.values(), ids=list(BAD))
def test_bad_usage_is_one_line_and_code_2(
    arguments: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(monkeypatch, *arguments) == 2
    captured = capsys.readouterr()
    assert captured.err.startswith("autograder: ")
    assert captured.err.count("\n") == 1
    assert captured.out == ""


@pytest.fixture
def toy(room: grade.Room, workers: grade.Workers, monkeypatch: pytest.MonkeyPatch) -> None:
    """The command line with the toy room and workers that are running already."""
    monkeypatch.setattr(grade, "find_room", lambda name: room)
    monkeypatch.setattr(grade, "Workers", lambda level: contextlib.nullcontext(workers))


@pytest.mark.usefixtures("toy")
def test_several_submissions_share_the_workers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "ana.py").write_text("def double(x):\n    return x * 2\n")
    (tmp_path / "ben.ipynb").write_text("{ broken")
    arguments = ["grade", "toy", str(tmp_path / "ana.py"), str(tmp_path / "ben.ipynb")]
    arguments += ["--json", str(tmp_path / "out.json"), "--html", str(tmp_path / "pages")]
    assert run(monkeypatch, *arguments) == 2
    first, second = json.loads((tmp_path / "out.json").read_text())
    assert (first["status"], second["status"]) == ("judged", "unreadable")
    assert (tmp_path / "pages" / "ana.py.html").exists()
    assert "ben.ipynb" in capsys.readouterr().out


def test_what_lies_where_it_is_started_is_not_imported(tmp_path: Path) -> None:
    """Among submissions there may be a numpy.py. What Python itself needs to start cannot be helped."""
    for name in ("numpy", "torch", "typer", "rich", "pydantic"):
        (tmp_path / f"{name}.py").write_text(f"open({str(tmp_path / 'was run')!r}, 'w')")
    command = [sys.executable, "-m", "autograder", "board"]
    alone = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
    subprocess.run(command, cwd=tmp_path, env=alone, capture_output=True, check=False)
    assert not (tmp_path / "was run").exists()
