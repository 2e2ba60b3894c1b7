"""nbgrader with our preprocessors, on a small course whose judge is a stand-in: metadata, points, accidents.

The judge itself on real answers: tests/test_class.py.
"""

import json
import logging
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbformat import NotebookNode

from autograder import nbgrader_hook
from tools.compose import nbgrader_metadata, new_code
from tools.release import nbgrader_config

ROOM = "01_counting"
# SQLAlchemy's deprecations inside nbgrader, and nbformat's word about a cell that stands there twice.
pytestmark = pytest.mark.filterwarnings(
    "ignore:::nbgrader", "ignore:Object of type", "ignore:Non-unique cell id"
)


def task(name: str, points: float, max_points: float, status: str = "partial") -> dict[str, Any]:
    checks = [{"name": "counts", "passed": points > 0, "message": "got <b>3</b>", "hint": "Off by one?"}]
    verdict = {"name": name, "status": status, "message": "", "checks": checks}
    return {**verdict, "points": points, "max_points": max_points}


@pytest.fixture(scope="module")
def course(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A course with one released assignment of two tasks, 2 and 3 points, in the gradebook."""
    root = tmp_path_factory.mktemp("course")
    cells = []
    for name, points in (("count_zeros", 2), ("count_ones", 3)):
        body = f"def {name}(x):\n    ### BEGIN SOLUTION\n    return 0\n    ### END SOLUTION"
        cells.append(new_code(body, nbgrader_metadata(name, solution=True)))
        check = f'from autograder import check\n\ncheck("{name}", {name})'
        cells.append(new_code(check, nbgrader_metadata(f"check_{name}", points=points)))
    notebook = nbformat.v4.new_notebook(cells=cells)
    notebook.metadata["kernelspec"] = {"display_name": "Python 3", "language": "python", "name": "python3"}
    path = root / "solutions" / ROOM / f"{ROOM}.ipynb"
    path.parent.mkdir(parents=True)
    nbformat.write(notebook, path)
    convert("GenerateAssignment", root)
    return root


def convert(step: str, root: Path) -> None:
    from nbgrader import converters
    from nbgrader.coursedir import CourseDirectory

    config = nbgrader_config(root)
    config.CourseDirectory.assignment_id = ROOM
    converter = getattr(converters, step)(coursedir=CourseDirectory(config=config), config=config)
    converter.log = logging.getLogger("course")
    converter.start()


class Class:
    """A fresh copy of the course, its learners, and what the stand-in judge says of each."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.reports: dict[str, dict[str, Any]] = {}
        self.judged: list[Path] = []

    def judge(self, room: str, path: Path, tasks: list[str], key: bytes) -> dict[str, Any]:
        assert (room, sorted(tasks), len(key)) == (ROOM, ["count_ones", "count_zeros"], 32)
        self.judged.append(path)
        usual = {"status": "judged", "tasks": [task("count_zeros", 1, 2), task("count_ones", 3, 3, "passed")]}
        return self.reports.get(path.parts[-3], usual)

    def hand_in(
        self, name: str, change: Callable[[NotebookNode], None] | None = None, raw: bytes = b""
    ) -> None:
        path = self.root / ".cache/class/submitted" / name / ROOM / f"{ROOM}.ipynb"
        path.parent.mkdir(parents=True)
        notebook = nbformat.read(self.root / "exercises" / ROOM / f"{ROOM}.ipynb", as_version=4)
        if change is not None:
            change(notebook)
        path.write_bytes(raw or json.dumps(notebook).encode())

    def marks(self, name: str) -> dict[str, float | None]:
        from nbgrader.api import Gradebook

        with Gradebook(f"sqlite:///{self.root / 'gradebook.db'}") as gradebook:
            work = gradebook.find_submission_notebook(ROOM, ROOM, name)
            return {grade.name: grade.auto_score for grade in work.grades}


@pytest.fixture
def pupils(course: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Class:
    shutil.copytree(course, tmp_path, dirs_exist_ok=True)
    pupils = Class(tmp_path)
    monkeypatch.setattr(nbgrader_hook, "judge", pupils.judge)
    return pupils


USUAL = {"check_count_zeros": 1.0, "check_count_ones": 3.0}


def test_points_of_the_judge_stand_in_the_gradebook_and_its_words_in_the_feedback(pupils: Class) -> None:
    pupils.hand_in("ana")
    convert("Autograde", pupils.root)
    assert pupils.marks("ana") == USUAL
    assert pupils.judged == [pupils.root / ".cache/class/submitted/ana" / ROOM / f"{ROOM}.ipynb"]
    convert("GenerateFeedback", pupils.root)
    page = (pupils.root / ".cache/class/feedback/ana" / ROOM / f"{ROOM}.html").read_text(encoding="utf-8")
    assert "got &lt;b&gt;3&lt;/b&gt;" in page and "Off by one?" in page and "<b>3</b>" not in page


def test_the_cell_names_the_known_mistake_and_the_section_of_the_lesson() -> None:
    wrong = task("count_zeros", 0, 2, "failed")
    section = "lessons/02_pruning.ipynb#3-By-hand"
    known = 'Your results equal those of a known mistake: Counts twice. See "3 By hand" in the lesson.'
    said = {**wrong, "message": f"got <b>3</b> {known}", "mistake": "count_zeros__twice", "lesson": section}
    assert nbgrader_hook.lines(said)[-2:] == ["        Off by one?", known]
    unknown = {**wrong, "message": "got <b>3</b>", "mistake": "", "lesson": section}
    assert nbgrader_hook.lines(unknown)[-1] == 'See "3 By hand" in lessons/02_pruning.ipynb.'
    assert nbgrader_hook.lines(wrong)[-1] == "        Off by one?"


def twice(notebook: NotebookNode) -> None:
    notebook.cells += [nbformat.from_dict(dict(cell)) for cell in notebook.cells]


def bare(notebook: NotebookNode) -> None:
    for cell in notebook.cells:
        cell.metadata.clear()


def without_checks(notebook: NotebookNode) -> None:
    notebook.cells = [cell for cell in notebook.cells if not cell.metadata.nbgrader.grade]


def as_text(notebook: NotebookNode) -> None:
    notebook.cells = [
        nbformat.v4.new_markdown_cell(cell.source, metadata=cell.metadata) for cell in notebook.cells
    ]


def abbreviated(notebook: NotebookNode) -> None:
    for cell in notebook.cells:
        cell.metadata["nbgrader"] = {"grade_id": cell.metadata.nbgrader.grade_id}


def greedy(notebook: NotebookNode) -> None:
    """Every cell is a test cell worth a thousand points, and has printed them already."""
    for cell in notebook.cells:
        cell.metadata.nbgrader.update(grade=True, locked=False, points=1000)
        cell.outputs = [nbformat.v4.new_output("execute_result", data={"text/plain": "1000"})]
        cell.source = "1000"


def strange(notebook: NotebookNode) -> None:
    notebook.cells[0].metadata["nbgrader"] = ["a", "list"]
    notebook.cells[1].metadata["nbgrader"] = {"grade_id": ["check_count_zeros"], "schema_version": 99}
    notebook.cells[2].metadata["nbgrader"] = {"grade_id": "unknown", "grade": True, "points": 7}
    notebook.metadata["kernelspec"] = {"name": "julia", "display_name": "Julia", "language": "julia"}


ACCIDENTS = [twice, bare, without_checks, as_text, abbreviated, greedy, strange]


def test_no_accident_with_cells_costs_points_or_stops_the_class(pupils: Class) -> None:
    for accident in ACCIDENTS:
        pupils.hand_in(accident.__name__, accident)
    good = (pupils.root / "exercises" / ROOM / f"{ROOM}.ipynb").read_bytes()
    pupils.hand_in("bom", raw=b"\xef\xbb\xbf" + good)
    pupils.hand_in("crlf", raw=good.replace(b"\n", b"\r\n"))
    pupils.hand_in("truncated", raw=good[:500])
    pupils.hand_in(
        "latin", raw=b'{"cells": [], "metadata": {"n": "\xe9"}, "nbformat": 4, "nbformat_minor": 5}'
    )
    pupils.hand_in("number", raw=b"12")
    convert("Autograde", pupils.root)
    names = [path.parts[-3] for path in pupils.judged]
    assert len(names) == len(ACCIDENTS) + 5
    assert {name: pupils.marks(name) for name in names} == dict.fromkeys(names, USUAL)


def test_a_warning_or_forged_output_in_the_notebook_changes_nothing(pupils: Class) -> None:
    def noisy(notebook: NotebookNode) -> None:
        for cell in notebook.cells:
            cell.outputs = [nbformat.v4.new_output("stream", name="stderr", text="UserWarning")]

    pupils.hand_in("noisy", noisy)
    convert("Autograde", pupils.root)
    assert pupils.marks("noisy") == USUAL


def test_no_points_are_no_full_points(pupils: Class) -> None:
    """nbgrader gives all points to a test cell without outputs; ours always has one."""
    pupils.reports["eve"] = {
        "status": "judged",
        "tasks": [task("count_zeros", 0, 2, "missing"), task("count_ones", 0.0, 3, "not_attempted")],
    }
    pupils.hand_in("eve")
    convert("Autograde", pupils.root)
    assert pupils.marks("eve") == {"check_count_zeros": 0.0, "check_count_ones": 0.0}


def test_a_release_older_than_the_checks_keeps_its_own_points(pupils: Class) -> None:
    pupils.reports["ana"] = {
        "status": "judged",
        "tasks": [task("count_zeros", 5, 10), task("count_ones", 12, 10, "passed")],
    }
    pupils.hand_in("ana")
    convert("Autograde", pupils.root)
    assert pupils.marks("ana") == {"check_count_zeros": 1.0, "check_count_ones": 3.0}


@pytest.mark.parametrize(
    "report",
    [
        {"status": "infra_error", "tasks": [], "message": "no worker"},
        {"status": "judged", "tasks": [task("count_zeros", 1, 2)]},
    ],
    ids=["fault of the judge", "task without check"],
)
def test_a_fault_of_ours_is_no_zero_and_stops_no_other(pupils: Class, report: dict[str, Any]) -> None:
    from nbgrader.converters import NbGraderException

    pupils.reports["ben"] = report
    for name in ("ana", "ben", "cem"):
        pupils.hand_in(name)
    with pytest.raises(NbGraderException):  # nbgrader's way to say at the end that somebody is not graded
        convert("Autograde", pupils.root)
    assert pupils.marks("ana") == pupils.marks("cem") == USUAL
    assert set(pupils.marks("ben").values()) == {None}
    assert not (pupils.root / ".cache/class/autograded/ben" / ROOM).exists()
