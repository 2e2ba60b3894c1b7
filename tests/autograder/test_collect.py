"""Who handed in what, in the layouts that learning platforms really write."""

import tarfile
import zipfile
from pathlib import Path

import pytest

from autograder import submission
from autograder.collect import NOTHING, Class, collect, collected
from autograder.submission import Unreadable

ROOM = "02_pruning"


def lay(folder: Path, *names: str, **texts: str) -> Path:
    """Files of these names below a folder, each with its own name in it."""
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(texts.get(name, f"# {name}\n"), encoding="utf-8")
    return folder


def work(found: Class) -> dict[str, str]:
    """learner -> the file that would be judged, or the problem."""
    chosen = {}
    for one in found.learners:
        if one.path is None:
            chosen[one.learner] = one.problem
            continue
        try:
            _, data = submission.take(one.path, ROOM)
            chosen[one.learner] = data.decode().strip("# \n")
        except Unreadable as error:
            chosen[one.learner] = str(error)
    return chosen


def test_a_flat_folder(tmp_path: Path) -> None:
    lay(
        tmp_path,
        "ben.py",
        "Zoe.py",
        "Ana Sy.ipynb",
        "notes.txt",
        ".DS_Store",
        "cleo/x.py",
        "__MACOSX/._ben.py",
    )
    found = collect(tmp_path, ROOM)
    chosen = {"Ana Sy": "Ana Sy.ipynb", "ben": "ben.py", "cleo": "cleo/x.py", "Zoe": "Zoe.py"}
    assert work(found) == chosen and list(work(found)) == list(chosen)
    assert found.left == ["notes.txt"]


def test_two_files_of_one_learner_are_a_reason_and_no_stop(tmp_path: Path) -> None:
    lay(tmp_path, "ana.ipynb", "ana.py", "ben.py", "cleo/a.ipynb", "cleo/b.ipynb", "dora/readme.md")
    found = work(collect(tmp_path, ROOM))
    assert found["ben"] == "ben.py"
    assert "2 files could be meant (ana.ipynb and ana.py)" in found["ana"]
    assert "2 files that could be meant (a.ipynb and b.ipynb)" in found["cleo"]
    assert "holds no notebook" in found["dora"]


def test_a_link_is_never_followed(tmp_path: Path) -> None:
    lay(tmp_path, "solution.ipynb", "class/ana/notes.md")
    (tmp_path / "class" / "ana" / "02_pruning.ipynb").symlink_to(tmp_path / "solution.ipynb")
    (tmp_path / "class" / "ben.ipynb").symlink_to(tmp_path / "solution.ipynb")
    (tmp_path / "class" / "cleo").symlink_to(tmp_path)
    found = work(collect(tmp_path / "class", ROOM))
    assert set(found) == {"ana", "ben", "cleo"}
    assert all("symbolic link" in words for words in found.values())


def test_repositories(tmp_path: Path) -> None:
    """A fork of the course holds lessons and solutions of the same name; its exercise is meant."""
    places = ["exercises", "solutions", "lessons"]
    lay(tmp_path, *(f"ana/{place}/{ROOM}/{ROOM}.ipynb" for place in places), "ana/shrink/pruning.py")
    lay(tmp_path, "ben/setup.py", "ben/src/deep/pruning.py", "ben/.git/x.py", "ben/venv/lib/pruning.py")
    assert work(collect(tmp_path, ROOM)) == {
        "ana": f"ana/exercises/{ROOM}/{ROOM}.ipynb",
        "ben": "ben/src/deep/pruning.py",
    }


def test_nbgrader(tmp_path: Path) -> None:
    lay(tmp_path, f"submitted/ana/{ROOM}/{ROOM}.ipynb", f"submitted/ana/{ROOM}/timestamp.txt")
    lay(tmp_path, "submitted/ben/01_measuring/01_measuring.ipynb", "gradebook.db", "submitted/list.txt")
    lay(tmp_path, "submitted/stray.py")
    for place in (tmp_path, tmp_path / "submitted"):
        found = collect(place, ROOM)
        assert work(found) == {
            "ana": f"submitted/ana/{ROOM}/{ROOM}.ipynb",
            "ben": f"{NOTHING} for {ROOM}",
        }
        assert found.left == ["list.txt", "stray.py"]


def test_moodle_in_folders_and_flat(tmp_path: Path) -> None:
    lay(
        tmp_path,
        "Ana Sy_1234_assignsubmission_file_/my work.ipynb",  # Moodle up to 4.0 ends in an underscore
        "Ana Sy_1234_assignsubmission_onlinetext_/onlinetext.html",
        "Ana Sy_77_assignsubmission_file/pruning.py",  # another of the same name
        "Ben O'Li_1235_assignsubmission_onlinetext/onlinetext.html",
        "Team 3-Cleo_1236_assignsubmission_file_02_pruning.ipynb",  # not in folders
        "Team 3-Cleo_1236_assignsubmission_file_notes.py",
        "Dora_9_assignsubmission_file_thesis.pdf",
        "Default group_assignsubmission_file_/x.ipynb",
        "readme.txt",
    )
    found = collect(tmp_path, ROOM)
    assert work(found) == {
        "Ana Sy (1234)": "Ana Sy_1234_assignsubmission_file_/my work.ipynb",
        "Ana Sy (77)": "Ana Sy_77_assignsubmission_file/pruning.py",
        "Ben O'Li (1235)": "only a text was handed in (onlinetext), no file",
        "Team 3-Cleo (1236)": "Team 3-Cleo_1236_assignsubmission_file_02_pruning.ipynb",
        "Dora (9)": "thesis.pdf is neither a notebook (.ipynb) nor a Python file (.py)",
        "Default group": "Default group_assignsubmission_file_/x.ipynb",
    }
    assert found.left == ["readme.txt"]


def test_canvas(tmp_path: Path) -> None:
    lay(
        tmp_path,
        "syana_1234_98765_02_pruning.ipynb",
        "li2ben_LATE_1235_98765432_helpers.py",
        "li2ben_LATE_1235_98766_02_pruning-1.ipynb",  # a digit in the name; handed in twice, and late
        "o_cleo_1236_98767_pruning.py",
        "o_cleo_1236_98768_helpers.py",
        "dora_1237_98769_a.ipynb",
        "dora_1237_98770_b.ipynb",
        "LATE_anon_AbC12_98771_work.ipynb",
        "eva_1238_text.html",
        "finn_1239_98772_thesis.pdf",
    )
    assert work(collect(tmp_path, ROOM)) == {
        "syana (1234)": "syana_1234_98765_02_pruning.ipynb",
        "li2ben (1235)": "li2ben_LATE_1235_98766_02_pruning-1.ipynb",
        "o_cleo (1236)": "o_cleo_1236_98767_pruning.py",
        "dora (1237)": "2 files could be meant (a.ipynb and b.ipynb); hand in one, named 02_pruning.ipynb",
        "anon_AbC12": "LATE_anon_AbC12_98771_work.ipynb",
        "eva (1238)": "only a text was handed in, no file",
        "finn (1239)": "thesis.pdf is neither a notebook (.ipynb) nor a Python file (.py)",
    }


def test_a_flat_folder_with_numbers_is_not_canvas(tmp_path: Path) -> None:
    lay(tmp_path, "team_12_02_pruning.ipynb", "team_13_02_pruning.ipynb")
    assert list(work(collect(tmp_path, ROOM))) == ["team_12_02_pruning", "team_13_02_pruning"]


GRADESCOPE = """---
submission_111:
  :submitters:
  - :name: Ana Sy
    :sid: '0042'
    :email: ana@example.org
  :created_at: 2026-02-07 23:45:00.000000000 Z
  :score: 1.5
  :results: !ruby/hash:ActiveSupport::HashWithIndifferentAccess
    tests: []
submission_112:
  :submitters:
  - :name: Ben Li
    :sid:
    :email: ben@example.org
  - :name: Cleo Ott
    :sid: '0044'
submission_113:
  :submitters:
  - :name: Dora
    :sid: '0045'
submission_114:
  :submitters: []
"""


def test_gradescope(tmp_path: Path) -> None:
    names = [
        "submission_111/02_pruning.ipynb",
        "submission_112/a.py",
        "submission_114/a.py",
        "submission_9/b.py",
    ]
    root = lay(tmp_path / "assignment_1_export", *names, "notes.txt")
    (root / "submission_metadata.yml").write_text(GRADESCOPE)
    found = collect(tmp_path, ROOM)
    assert work(found) == {
        "Ana Sy (0042)": "submission_111/02_pruning.ipynb",
        "Ben Li (ben@example.org)": "submission_112/a.py",
        "Cleo Ott (0044)": "submission_112/a.py",
        "Dora (0045)": "submission_113 is not in the export",
        "submission_114": "submission_114/a.py",
        "submission_9": "submission_9 is not listed in submission_metadata.yml, "
        "so nobody can be named for it",
    }
    assert found.left == ["notes.txt"]
    (root / "submission_metadata.yml").write_text("a: [")
    with pytest.raises(Unreadable, match="export the submissions again"):
        collect(tmp_path, ROOM)


@pytest.mark.parametrize("kind", ["zip", "tar.gz"])
def test_a_packed_class_is_the_class(kind: str, tmp_path: Path) -> None:
    lay(tmp_path / "in" / "class", "ana.ipynb", "ben/02_pruning.py", "cleo/x.md")
    path = tmp_path / f"class.{kind}"
    if kind == "zip":
        with zipfile.ZipFile(path, "w") as archive:
            for file in sorted((tmp_path / "in").rglob("*.*")):
                archive.write(file, file.relative_to(tmp_path / "in"))
            archive.writestr("../outside.py", "x")
    else:
        with tarfile.open(path, "w:gz") as tar:
            tar.add(tmp_path / "in" / "class", "class")
    with collected(path, ROOM) as found:
        assert work(found)["ana"] == "ana.ipynb"
        assert work(found)["ben"] == "ben/02_pruning.py"
        assert "holds no notebook" in work(found)["cleo"]
        place = found.learners[0].path
        assert any("outside.py was left out" in line for line in found.left) == (kind == "zip")
    assert place is not None and not place.exists()


def test_a_learner_of_one_file_is_no_wrapper(tmp_path: Path) -> None:
    lay(tmp_path, "ana/02_pruning.ipynb")
    assert list(work(collect(tmp_path, ROOM))) == ["ana"]
