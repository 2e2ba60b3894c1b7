"""The committed notebooks: what their source gives, run on this text, light, no answer in the release."""

import ast
import re
import resource
from itertools import pairwise
from pathlib import Path

import nbformat
import pytest
from nbformat import NotebookNode

from tools import build
from tools.compose import code_of, compose, exercise_tasks
from tools.excerpt import body_lines, is_private, needed, read_module
from tools.execute import CODE_LINES, execute, problems, settle_environment
from tools.figures import fill
from tools.release import release
from tools.rooms import ROOT, Room, all_rooms, pages

ROOMS = all_rooms()
by_room = pytest.mark.parametrize("room", ROOMS, ids=lambda room: room.key)
by_lesson = pytest.mark.parametrize(
    "room", [room for room in ROOMS if room.taught], ids=lambda room: room.key
)
FOLDED = re.compile(r"<details>.*?</details>", re.DOTALL)
by_text = pytest.mark.parametrize(
    ("room", "kind"),
    [pytest.param(room, kind, id=f"{room.key}-{kind}") for room in (*ROOMS, *pages()) for kind in room.kinds],
)
settle_environment(ROOT)


def target(room: Room, kind: str) -> Path:
    return room.lesson if kind == "lesson" else room.solution


def written(room: Room, kind: str) -> NotebookNode:
    """A notebook as its text gives it, executed or not."""
    notebook, _ = compose(room, kind)
    return notebook


def read(path: Path) -> NotebookNode:
    return nbformat.reads(path.read_text(encoding="utf-8"), as_version=4)


@by_text
def test_a_rebuild_changes_no_byte(room: Room, kind: str) -> None:
    for path, data in build.build(room, kind, run=False).items():
        assert path.read_bytes() == data, f"{path.relative_to(ROOT)}: run `make build`"


@by_text
def test_outputs_were_made_from_this_text(room: Room, kind: str) -> None:
    """The stamp: SHA-256 of the source text, of the cells and of the modules they import."""
    _, stamp = compose(room, kind)
    stored = read(target(room, kind)).metadata["shrink"].get("stamp", {})
    changed = sorted(name for name in stamp | stored if stamp.get(name) != stored.get(name))
    assert not changed, f"changed since the last run: {changed}; run `make build ARGS=--execute`"


@by_room
def test_an_exercise_is_nbgraders_release_of_the_solution(room: Room) -> None:
    assert release(room.key, room.solution.read_bytes()) == room.exercise.read_bytes()


@by_text
def test_outputs_are_light_and_quiet(room: Room, kind: str) -> None:
    assert not list(problems(read(target(room, kind)), ROOT))


@by_text
def test_every_code_cell_has_been_run(room: Room, kind: str) -> None:
    cells = [cell for cell in read(target(room, kind)).cells if cell.cell_type == "code"]
    assert [cell.execution_count for cell in cells] == list(range(1, len(cells) + 1))


@by_room
def test_an_exercise_shows_no_output(room: Room) -> None:
    assert not [cell.id for cell in read(room.exercise).cells if cell.get("outputs")]


@by_room
def test_an_exercise_holds_no_answer(room: Room) -> None:
    """Neither the markers, nor a line of a reference's body, nor a private helper of the module."""
    text = "\n".join(cell.source for cell in read(room.exercise).cells)
    assert "SOLUTION" not in text
    module = read_module(room.module)
    for task in exercise_tasks(room.exercise_source):
        helpers = [name for name in needed(module, task) if name.startswith("_") and is_private(module, name)]
        for name in [task, *helpers]:
            given = [line for line in body_lines(module, name) if len(line) > 24 and line in text]
            assert not given, f"{name}: {given}"


@by_lesson
def test_a_lesson_gives_no_task_away(room: Room) -> None:
    """A lesson defines no function of the exercise and holds no two lines in a row of a reference's body."""
    module = read_module(room.module)
    tasks = exercise_tasks(room.exercise_source)
    lesson = code_of(written(room, "lesson"))
    for code in lesson:
        defined = {node.name for node in ast.walk(ast.parse(code)) if isinstance(node, ast.FunctionDef)}
        assert not defined & set(tasks)
    text = re.sub(r"\s+", " ", "\n".join(lesson))
    for task in tasks:
        lines = [line for line in body_lines(module, task) if line and not line.startswith("#")]
        pairs = [f"{one} {two}" for one, two in pairwise(lines) if len(one + two) > 40]
        assert not [pair for pair in pairs if pair in text], task


@by_room
def test_every_task_is_a_stub_that_raises(room: Room) -> None:
    cells = {cell.id: cell.source for cell in read(room.exercise).cells}
    for task in exercise_tasks(room.exercise_source):
        function = ast.parse(cells[task]).body[-1]
        assert isinstance(function, ast.FunctionDef) and function.name == task
        _, stub = function.body
        assert ">>>" in (ast.get_docstring(function) or ""), f"{task} shows no worked example"
        assert isinstance(stub, ast.Raise) and "NotImplementedError" in ast.unparse(stub)


@by_lesson
def test_code_cells_of_a_lesson_are_short(room: Room) -> None:
    """At most 25 lines, docstrings of shown functions apart."""
    for number, code in enumerate(code_of(written(room, "lesson")), 1):
        lines = [line for line in code.splitlines() if line.strip()]
        for node in ast.walk(ast.parse(code)):
            if isinstance(node, ast.FunctionDef | ast.ClassDef) and ast.get_docstring(node):
                docstring = node.body[0]
                lines = lines[(docstring.end_lineno or 0) - docstring.lineno + 1 :]
        assert len(lines) <= CODE_LINES, f"code cell {number} begins with {code.splitlines()[0]}"


@by_lesson
def test_a_lesson_asks_one_question_and_walks_the_seven_steps(room: Room) -> None:
    text = "\n".join(cell.source for cell in written(room, "lesson").cells if cell.cell_type == "markdown")
    assert text.splitlines()[0].endswith("?"), "the title of a lesson is its question"
    for step in ("measure", "by hand", "build", "experiment", "limits", "summary", "**predict"):
        assert step in text.lower(), step


@by_lesson
def test_a_lesson_has_at_most_four_plots(room: Room) -> None:
    outputs = [output for cell in read(room.lesson).cells for output in cell.get("outputs", [])]
    assert sum("image/png" in output.get("data", {}) for output in outputs) <= 4


@by_lesson
def test_prose_of_a_lesson_is_short(room: Room) -> None:
    """About 80 words a cell; tables, headings, lists and what is folded away are not counted."""
    for cell in written(room, "lesson").cells:
        lines = FOLDED.sub("", cell.source).splitlines() if cell.cell_type == "markdown" else []
        prose = [line for line in lines if not re.match(r"\s*([#|>*+-]|\d+\.)(?!\*)", line)]
        assert len(" ".join(prose).split()) <= 95, cell.source[:80]


@by_room
def test_pages_are_sober(room: Room) -> None:
    for kind in room.kinds:
        text = "\n".join(cell.source for cell in written(room, kind).cells)
        assert not re.search("[\U0001f300-\U0001faff\u2600-\u27bf]|shields\\.io|<img", text), kind


@pytest.mark.timeout(600)
@by_text
def test_a_notebook_runs_in_a_fresh_kernel(room: Room, kind: str, tmp_path: Path) -> None:
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    notebook, _ = compose(room, kind)
    execute(notebook, tmp_path, f"{room.key} {kind}")
    assert not list(problems(notebook, ROOT))
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    seconds = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    assert kind == "exercise" or seconds < 90, "a lesson takes at most 90 s, counted here in CPU-seconds"


def test_figures_of_the_readme_come_from_results() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert fill(readme, ROOT / "data" / "results") == readme, "run `make build`"
