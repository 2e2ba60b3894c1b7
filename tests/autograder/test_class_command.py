"""`python -m autograder class`: what it refuses, what it prints, what it keeps, and how it ends."""

import contextlib
import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from autograder import __main__ as program
from autograder import class_command, class_run, grade
from autograder.secret import secret
from tests.autograder.test_class_run import Fakes

Command = Callable[..., int]


@pytest.fixture
def people(tmp_path: Path) -> Path:
    folder = tmp_path / "class"
    folder.mkdir()
    for name, text in {"ana.py": "a", "bo.py": "bb", "notes.txt": "x", "cy.ipynb": "{"}.items():
        (folder / name).write_text(text)
    (folder / "di").mkdir()
    return folder


@pytest.fixture
def command(room: grade.Room, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Command:
    """The command line in the toy room, with judges that give a point a byte."""
    monkeypatch.setattr(grade, "find_room", lambda name: room)
    monkeypatch.setattr(class_command, "HOME", tmp_path / "home")

    def run(folder: Path, *options: str, fakes: Fakes | None = None) -> int:
        judges = fakes or Fakes(class_run.version(room))

        @contextlib.contextmanager
        def judging(*given: Any) -> Iterator[Fakes]:
            yield judges

        monkeypatch.setattr(class_command, "judging", judging)
        monkeypatch.setattr(sys, "argv", ["autograder", "class", "toy", str(folder), *options])
        try:
            program.main()
        except SystemExit as end:
            return int(end.code or 0)
        return 0

    return run


def test_a_class_is_judged_and_nobody_is_passed_over(
    command: Command, people: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert command(people, "--json", str(tmp_path / "out.json"), "--csv", str(tmp_path / "out.csv")) == 0
    printed = capsys.readouterr()
    assert "1 / 99  ana" in printed.out and "unreadable  di" in printed.out
    assert "4 learners: 3 judged; 1 unreadable" in printed.out
    assert "1 of 4 could not be read:\n  di: the folder di holds no notebook" in printed.err
    assert "left out, as nobody's work: notes.txt" in printed.err
    found = json.loads((tmp_path / "out.json").read_text())
    assert [(one["learner"], one["points"], one["seconds"]) for one in found] == [
        ("ana", 1.0, 0.0), ("bo", 2.0, 0.0), ("cy", 1.0, 0.0), ("di", 0.0, 0.0),
    ]  # fmt: skip
    assert (tmp_path / "out.csv").exists()


def test_a_second_run_must_say_what_it_means(
    command: Command, people: Path, tmp_path: Path, room: grade.Room, capsys: pytest.CaptureFixture[str]
) -> None:
    assert command(people) == 0
    assert command(people) == 2
    assert (
        "3 results are in" in (said := capsys.readouterr().err) and "--resume" in said and "--fresh" in said
    )
    fakes = Fakes(class_run.version(room))
    assert command(people, "--resume", fakes=fakes) == 0 and not fakes.asked
    assert "judged now 0, kept 3" in capsys.readouterr().out
    assert command(people, "--fresh", fakes=fakes) == 0 and len(fakes.asked) == 3
    said = capsys.readouterr().err.partition("\n")[0]
    assert "results.1.jsonl" in said and Path(said.rpartition(" ")[2]).exists()
    trial = Fakes(class_run.version(room))
    assert command(people, "--store", str(tmp_path / "trial"), fakes=trial) == 0
    assert [unit.key for unit in trial.asked] == [unit.key for unit in fakes.asked], "the secret is the same"
    (other := tmp_path / "elsewhere" / "class").mkdir(parents=True)
    (other / "ana.py").write_text("a")
    assert command(other) == 0, "a class of the same name elsewhere is another class"


def test_a_run_that_is_stopped_says_how_to_go_on(
    command: Command, people: Path, room: grade.Room, capsys: pytest.CaptureFixture[str]
) -> None:
    assert command(people, fakes=Fakes(class_run.version(room), stop_after=1)) == 130
    assert "--resume goes on" in capsys.readouterr().err
    assert command(people, "--resume") == 0
    assert "judged now 2, kept 1" in capsys.readouterr().out


def test_a_fault_of_ours_is_named_and_is_code_3(
    command: Command, people: Path, tmp_path: Path, room: grade.Room, capsys: pytest.CaptureFixture[str]
) -> None:
    fakes = Fakes(class_run.version(room), lose=b"bb")
    assert command(people, "--json", str(tmp_path / "out.json"), fakes=fakes) == 3
    assert "1 of 4 could not be judged:\n  bo:" in capsys.readouterr().err
    assert json.loads((tmp_path / "out.json").read_text())[1]["status"] == "infra_error"
    weak = Fakes(class_run.version(room), level="process")
    assert command(people, "--fresh", "--require-sandbox", "full", fakes=weak) == 3
    assert "offers the sandbox process, not full" in capsys.readouterr().err


def test_bad_usage_is_one_line_and_code_2(
    command: Command, people: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "torn.zip").write_bytes(b"PK\x03\x04")
    (tmp_path / "short").write_bytes(b"x")
    for words, folder, options in (
        ("does not exist", tmp_path / "nowhere", []),
        ("holds no submissions", tmp_path / "empty", []),
        ("torn.zip is damaged", tmp_path / "torn.zip", []),
        ("has no task 'treble'", people, ["--without", "treble"]),
        ("exclude each other", people, ["--dask", "local", "--slurm"]),
        ("too short for a secret", people, ["--secret", str(tmp_path / "short")]),
        ("cannot be read", people, ["--canvas-from", str(tmp_path / "nothing.csv")]),
    ):
        assert command(folder, *options) == 2, words
        said = capsys.readouterr().err
        assert said.startswith("autograder: ") and words in said and said.count("\n") == 1


def test_the_secret_is_made_once_for_its_owner_alone(tmp_path: Path) -> None:
    path = tmp_path / "class" / "secret"
    first = secret(path)
    assert len(first) == 32 and secret(path) == first
    assert path.stat().st_mode & 0o777 == 0o600
    assert [file.name for file in path.parent.iterdir()] == ["secret"]
