"""A class of six goes through nbgrader as an instructor would run it: release, autograde, feedback, export.

The answers are made from the solution notebook of the pruning room; the experiment, which takes a minute of
computing, is left out of this class's release.
"""

import csv
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import nbformat
import pytest
from nbformat import NotebookNode

from tools.release import release
from tools.rooms import ROOT, find

pytestmark = [
    pytest.mark.timeout(900),  # about 30 CPU-seconds, on a machine that may be busy with other tests
    pytest.mark.filterwarnings("ignore:Non-unique cell id", "ignore:::nbgrader", "ignore:Object of type"),
]
EXPERIMENT = "prune_lenet"
WRONG = {
    "magnitude_mask": """
def magnitude_mask(weight, sparsity):
    mask = torch.ones(weight.numel(), dtype=torch.bool)
    mask[round((1 - sparsity) * weight.numel()):] = False  # keeps the first, not the largest
    return mask.view(weight.shape)
""",
    "taylor_scores": "def taylor_scores(weight, grad):\n    return weight * grad",
    "polynomial_sparsity": """
def polynomial_sparsity(step, *, start, end, final, initial=0.0, power=3):
    return final + (initial - final) * (1 - (step - start) / (end - start)) ** power
""",
    "masked_step_": """
def masked_step_(model, masks, optimizer):
    for name, parameter in model.named_parameters():
        if name in masks:
            parameter.grad.mul_(masks[name])
    optimizer.step()
""",
}
CRASH = {
    "neuron_mask": "def neuron_mask(weight, threshold):\n    import ctypes\n    ctypes.string_at(0)",
    "taylor_scores": "def taylor_scores(weight, grad):\n    import os\n    os._exit(0)",
}
CHEAT = f"""
import torch
torch.equal = torch.allclose = lambda *args, **kwargs: True
class Anything:
    def __eq__(self, other): return True
    def __getattr__(self, name): return self
    def __call__(self, *args, **kwargs): return self
def check(*args): pass
def answer(name):
    def cheat(*args, **kwargs):
        try:
            import importlib
            return getattr(importlib.import_module("shrink.pruning"), name)(*args, **kwargs)
        except Exception:
            namespace = {{}}
            try:
                exec(open({str(ROOT / "shrink" / "pruning.py")!r}).read(), namespace)
                return namespace[name](*args, **kwargs)
            except Exception:
                return Anything()
    return cheat
"""


def answers(notebook: NotebookNode) -> dict[str, NotebookNode]:
    """The cells a learner writes into, by task."""
    return {cell.id: cell for cell in notebook.cells if cell.metadata.get("nbgrader", {}).get("solution")}


def right(notebook: NotebookNode, solved: dict[str, str]) -> None:
    for name, cell in answers(notebook).items():
        cell.source = solved[name]


def half_done(notebook: NotebookNode, solved: dict[str, str]) -> None:
    for name, cell in list(answers(notebook).items())[: len(solved) // 2]:
        cell.source = solved[name]


def plausible(notebook: NotebookNode, solved: dict[str, str]) -> None:
    right(notebook, solved | WRONG)


def crashing(notebook: NotebookNode, solved: dict[str, str]) -> None:
    right(notebook, solved | CRASH)
    notebook.cells.append(nbformat.v4.new_code_cell("def broken(:\n"))


def cheating(notebook: NotebookNode, solved: dict[str, str]) -> None:
    for name, cell in answers(notebook).items():
        cell.source = f"{CHEAT}\n{name} = answer({name!r})"
    for cell in notebook.cells:
        cell.metadata.setdefault("nbgrader", {})["points"] = 1000
        if cell.cell_type == "code":
            cell.outputs = [nbformat.v4.new_output("execute_result", data={"text/plain": "1000"})]


def untidy(notebook: NotebookNode, solved: dict[str, str]) -> None:
    """Right, but noisy, with every cell twice and the test cells' metadata gone."""
    right(notebook, solved)
    for cell in answers(notebook).values():
        cell.source = f"import warnings\nwarnings.warn('careful')\n{cell.source}"
    notebook.cells = [copy for cell in notebook.cells for copy in (cell, nbformat.from_dict(dict(cell)))]
    for cell in notebook.cells:
        if cell.metadata.get("nbgrader", {}).get("grade"):
            del cell.metadata["nbgrader"]


CLASS: list[Callable[[NotebookNode, dict[str, str]], None]] = [
    right,
    half_done,
    plausible,
    crashing,
    cheating,
    untidy,
]


# nbgrader's commands one after the other in one process, which spares importing it for each.
COMMANDS = """
import sys
from jupyter_core.application import NoStart
from nbgrader.apps.nbgraderapp import NbGraderApp

for line in sys.argv[1:]:
    app = NbGraderApp.instance()
    app.initialize(line.split())
    try:
        app.start()
    except NoStart:
        pass  # a subcommand has run in its place
    type(app.subapp).clear_instance()
    NbGraderApp.clear_instance()
"""


@pytest.fixture(scope="module")
def course(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The class's folder after release, autograding, feedback and export."""
    room, root = find("pruning"), tmp_path_factory.mktemp("class")
    shutil.copy(ROOT / "nbgrader_config.py", root)
    solution = nbformat.read(room.solution, as_version=4)
    left_out = {EXPERIMENT, f"check_{EXPERIMENT}"}
    solution.cells = [cell for cell in solution.cells if cell.id not in left_out]
    source = root / "solutions" / room.key / f"{room.key}.ipynb"
    source.parent.mkdir(parents=True)
    nbformat.write(solution, source)
    exercise = release(room.key, source.read_bytes()).decode()
    solved = {name: cell.source for name, cell in answers(solution).items()}
    for make in CLASS:
        notebook = nbformat.reads(exercise, as_version=4)
        make(notebook, solved)
        path = root / ".cache/class/submitted" / make.__name__ / room.key / f"{room.key}.ipynb"
        path.parent.mkdir(parents=True)
        path.write_text(nbformat.writes(notebook), encoding="utf-8")
    lines = [f"{verb} {room.key}" for verb in ("generate_assignment", "autograde", "generate_feedback")]
    command = [sys.executable, "-c", COMMANDS, *lines, "export"]
    done = subprocess.run(command, cwd=root, capture_output=True, text=True, check=False, timeout=800)
    assert done.returncode == 0, done.stderr[-3000:]
    assert (root / "exercises" / room.key / f"{room.key}.ipynb").read_text(encoding="utf-8") == exercise
    return root


Marks = dict[str, dict[str, tuple[float, float]]]


@pytest.fixture(scope="module")
def marks(course: Path) -> Marks:
    """learner -> task -> (points, most points), from the gradebook."""
    from nbgrader.api import Gradebook

    key = find("pruning").key
    with Gradebook(f"sqlite:///{course / '.cache/class/gradebook.db'}") as gradebook:
        return {
            make.__name__: {
                grade.name.removeprefix("check_"): (grade.score, grade.max_score)
                for grade in gradebook.find_submission_notebook(key, key, make.__name__).grades
            }
            for make in CLASS
        }


def full(marks: dict[str, tuple[float, float]]) -> set[str]:
    return {name for name, (points, most) in marks.items() if points == most}


def none(marks: dict[str, tuple[float, float]]) -> set[str]:
    return {name for name, (points, _) in marks.items() if points == 0}


@pytest.mark.parametrize("who", ["right", "untidy"])
def test_right_answers_get_full_marks_tidy_or_not(marks: Marks, who: str) -> None:
    assert full(marks[who]) == set(marks[who])


def test_half_a_notebook_gets_the_points_of_its_half(marks: Marks) -> None:
    half = list(answers(nbformat.read(find("pruning").solution, as_version=4)))
    half = [name for name in half if name != EXPERIMENT]
    cut = len(half) // 2
    assert (full(marks["half_done"]), none(marks["half_done"])) == (set(half[:cut]), set(half[cut:]))


def test_plausible_mistakes_cost_points_in_their_own_tasks(marks: Marks) -> None:
    own = set(marks["plausible"]) - full(marks["plausible"])
    assert set(WRONG) <= own
    assert own - set(WRONG) <= {"global_magnitude_masks", "sensitivity"}, "these two call magnitude_mask"


def test_a_crash_costs_its_own_task_alone(marks: Marks) -> None:
    assert none(marks["crashing"]) == set(CRASH)
    assert full(marks["crashing"]) == set(marks["crashing"]) - set(CRASH)


def test_cheating_gains_nothing(marks: Marks) -> None:
    assert none(marks["cheating"]) == set(marks["cheating"])


def test_feedback_says_what_went_wrong(course: Path) -> None:
    key = find("pruning").key
    folder = course / ".cache/class/feedback"
    pages = {path.parts[-3]: path.read_text(encoding="utf-8") for path in folder.glob(f"*/{key}/{key}.html")}
    assert "magnitude_mask: passed" in pages["right"]
    assert "not attempted" in pages["half_done"]
    assert "neuron_mask: crashed" in pages["crashing"]


def test_the_export_holds_every_learners_sum(course: Path, marks: Marks) -> None:
    with (course / ".cache/class/grades.csv").open(encoding="utf-8", newline="") as file:
        rows = {row["student_id"]: row for row in csv.DictReader(file)}
    assert set(rows) == {make.__name__ for make in CLASS}
    for who, row in rows.items():
        assert float(row["score"]) == pytest.approx(sum(points for points, _ in marks[who].values()))
        assert float(row["max_score"]) == sum(most for _, most in marks[who].values())


def test_nothing_of_a_class_is_seen_by_git(course: Path) -> None:
    made = {path.name for path in course.iterdir()}
    assert made == {"nbgrader_config.py", "solutions", "exercises", ".cache"}
    assert os.stat(course / ".cache/class/secret").st_mode & 0o077 == 0
