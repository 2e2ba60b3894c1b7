"""The self-check finds a mutant that is not caught and a twin that is refused."""

from pathlib import Path

import pytest

from autograder import grade, selfcheck

MUTANTS = {
    "double__adds_three.py": "def double(x):\n    return x + 3\n",
    "double__takes_anything.py": "def double(x):\n    return x * 2\n",
    "total__forgets_to_double.py": "def total(x):\n    return float(x.sum())\n",
}
TWINS = {
    "double__adds_itself.py": "def double(x):\n    if not hasattr(x, 'dim'):\n        raise TypeError('x')\n"
    "    return x + x\n"
}


def write(folder: Path, kind: str, files: dict[str, str]) -> None:
    (folder / "toy" / kind).mkdir(parents=True)
    for name, text in files.items():
        (folder / "toy" / kind / name).write_text(text)


def test_a_good_room_has_no_faults(tmp_path: Path, room: grade.Room, workers: grade.Workers) -> None:
    write(tmp_path, "mutants", MUTANTS)
    write(tmp_path, "twins", TWINS)
    report = selfcheck.check_room(room, workers, folder=tmp_path)
    assert report.faults == []
    assert report.tallies["double"] == selfcheck.Tally(mutants=2, caught=2, twins=1, accepted=1)


@pytest.mark.parametrize(
    ("kind", "files", "words"),
    [
        (
            "mutants",
            {"double__is_right.py": TWINS["double__adds_itself.py"]},
            "mutant double__is_right was not caught",
        ),
        (
            "mutants",
            {"double__forgot.py": "y = 1\n", "double__stub.py": "def double(x): raise NotImplementedError\n"},
            "not caught",
        ),
        (
            "twins",
            {"double__adds_three.py": MUTANTS["double__adds_three.py"]},
            "twin double__adds_three was refused",
        ),
        ("twins", {"triple__new.py": ""}, "there is no task triple"),
    ],
)
def test_a_fault_is_named(
    tmp_path: Path, room: grade.Room, workers: grade.Workers, kind: str, files: dict[str, str], words: str
) -> None:
    write(tmp_path, kind, files)
    report = selfcheck.check_room(room, workers, folder=tmp_path)
    assert len(report.faults) == len(files)
    assert words in report.faults[0]
