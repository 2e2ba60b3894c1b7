"""The builder on a toy room: markers, ids, stamps, release, refusals."""

import base64
import io
import json
import shutil
import sys
from collections.abc import Callable
from pathlib import Path

import nbformat
import pytest
from nbformat import NotebookNode
from PIL import Image

from tools import build, excerpt
from tools.compose import compose
from tools.excerpt import BuildError
from tools.execute import execute, problems, settle_environment
from tools.figures import fill
from tools.rooms import ROOT, Room, all_rooms, topics_before

MODULE = '''"""Counting."""

import json
from collections.abc import Iterable

import torch
from torch import Tensor

from shrink import nets

Masks = dict[str, Tensor]
_LIMIT = 3


def count_zeros(values: Iterable[float]) -> int:
    """Count the zeros.

    >>> count_zeros([0.0, 1.0])
    1
    """
    # a comment says why
    return _count(values, 0.0)


def count_masks(masks: Masks, *, limit: int = _LIMIT) -> int:
    """Count kept entries.

    >>> count_masks({"w": torch.tensor([True, False])})
    1
    """
    return min(limit, count_zeros([1.0 - int(flag) for mask in masks.values() for flag in mask]))


def double(x: float) -> float:
    """Twice x.

    At length.
    """
    return 2 * x


def dump(x: object) -> str:
    """Text of x, which nobody is asked to write."""
    return json.dumps(x)


def _count(values: Iterable[float], wanted: float) -> int:
    return sum(1 for value in values if value == wanted)
'''
CHECKS = """from autograder.task import Judge, check


@check("count_zeros", "counts", points=2)
def test_zeros(judge: Judge) -> None: ...


@check("count_zeros", "counts none", points=0.5)
def test_none(judge: Judge) -> None: ...


@check("count_masks", "counts masks")
def test_masks(judge: Judge) -> None: ...
"""
FRONT = "# ---\n# title: Counting\n# covers: [A1, F17]\n# ---\n\n"
LESSON = (
    FRONT
    + """# %% [markdown]
# # Counting
# $q = 3$

# %%
import matplotlib.pyplot as plt

plt.plot([1, 2, 3])
plt.show()

# %% show="counting.double"

# %%
double(21)
"""
)
EXERCISE = (
    FRONT
    + """# %% [markdown]
# # Exercises

# %% imports="counting"

# %% task="count_zeros"

# %%
count_zeros([0.0, 0.0])

# %% task="count_masks"
"""
)


@pytest.fixture
def room(tmp_path: Path) -> Room:
    """A house of one room whose exercise has no check cells: those need the judge."""
    for path, text in {
        "source/01_counting/lesson.py": LESSON,
        "source/01_counting/exercise.py": EXERCISE
        + '\n# %% check="count_zeros"\n\n# %% check="count_masks"\n',
        "shrink/counting.py": MODULE,
        "autograder/checks/test_counting.py": CHECKS,
    }.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(text, encoding="utf-8")
    return Room("01_counting", tmp_path)


def rewrite(path: Path, old: str, new: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")


def cell(notebook: NotebookNode, identity: str) -> NotebookNode:
    return next(cell for cell in notebook.cells if cell.id == identity)


def test_a_task_cell_is_signature_docstring_and_solution_region(room: Room) -> None:
    notebook, _ = compose(room, "exercise")
    assert cell(notebook, "count_zeros").source == (
        "def count_zeros(values: Iterable[float]) -> int:\n"
        '    """Count the zeros.\n\n    >>> count_zeros([0.0, 1.0])\n    1\n    """\n'
        "    ### BEGIN SOLUTION\n"
        "    # a comment says why\n"
        "    return _count(values, 0.0)\n\n\n"
        "def _count(values: Iterable[float], wanted: float) -> int:\n"
        "    return sum(1 for value in values if value == wanted)\n"
        "### END SOLUTION"
    )


def test_what_a_signature_needs_stands_above_it_and_is_released(room: Room) -> None:
    files = build.build(room, "exercise", run=False)
    released = nbformat.reads(files[room.exercise].decode(), as_version=4)
    assert cell(released, "count_masks").source == (
        "Masks = dict[str, Tensor]\n\n\n_LIMIT = 3\n\n\n"
        "def count_masks(masks: Masks, *, limit: int = _LIMIT) -> int:\n"
        '    """Count kept entries.\n\n'
        '    >>> count_masks({"w": torch.tensor([True, False])})\n    1\n    """\n'
        '    raise NotImplementedError("write this function, then run the check below")'
    )


def test_a_release_holds_no_solution_and_no_helper(room: Room) -> None:
    files = build.build(room, "exercise", run=False)
    assert "def _count" in files[room.solution].decode()
    released = files[room.exercise].decode()
    assert "SOLUTION" not in released and "_count(" not in released and "comment says why" not in released


def test_imports_are_those_the_tasks_need(room: Room) -> None:
    notebook, _ = compose(room, "exercise")
    assert notebook.cells[1].source == (
        "from collections.abc import Iterable\n\nimport torch\nfrom torch import Tensor"
    )


def test_a_check_cell_is_locked_imports_check_itself_and_carries_the_points(room: Room) -> None:
    notebook, _ = compose(room, "exercise")
    check = cell(notebook, "check_count_zeros")
    assert check.source == 'from autograder import check\n\ncheck("count_zeros", count_zeros)'
    assert check.metadata.nbgrader == {
        "grade": True,
        "grade_id": "check_count_zeros",
        "locked": True,
        "points": 2.5,
        "schema_version": 3,
        "solution": False,
        "task": False,
    }
    answer = cell(notebook, "count_zeros").metadata.nbgrader
    assert (answer.solution, answer.grade, answer.locked) == (True, False, False)
    assert set(answer) == set(check.metadata.nbgrader)


def test_show_brings_private_helpers_once_and_can_be_brief(room: Room) -> None:
    # A function that is a task may not be shown, so the exercise asks for one task less here.
    text = FRONT + '# %% task="count_masks"\n\n# %% check="count_masks"\n'
    room.exercise_source.write_text(text.replace("count_masks", "dump"), encoding="utf-8")
    room.checks.write_text(CHECKS.replace("count_masks", "dump"), encoding="utf-8")
    shows = '# %% show="counting.count_zeros"\n\n# %% show="counting.count_masks"\n\n'
    room.lesson_source.write_text(
        FRONT + shows + '# %% show="counting.double" brief=true\n', encoding="utf-8"
    )
    notebook, _ = compose(room, "lesson")
    first, second, third = (item.source for item in notebook.cells)
    assert first.startswith("def _count(") and "\n\n\ndef count_zeros(" in first
    assert "def _count(" not in second and second.startswith("Masks = ")
    assert third == 'def double(x: float) -> float:\n    """Twice x."""\n    return 2 * x'


def test_ids_are_unique_and_the_same_in_every_build(room: Room) -> None:
    one, _ = compose(room, "exercise")
    two, _ = compose(room, "exercise")
    ids = [item.id for item in one.cells]
    assert ids == [item.id for item in two.cells] and len(set(ids)) == len(ids)
    assert build.to_bytes(one) == build.to_bytes(two)


def test_a_task_brings_along_what_no_task_asks_for(room: Room) -> None:
    text = FRONT + '# %% task="count_masks"\n\n# %% check="count_masks"\n'
    room.exercise_source.write_text(text, encoding="utf-8")
    cell = compose(room, "exercise")[0].cells[0].source
    inside = cell[cell.index(excerpt.BEGIN) : cell.index(excerpt.END)]
    assert "def count_zeros" in inside and "def _count" in inside


def test_a_check_of_two_functions_gets_both(room: Room) -> None:
    tasks = '# %% task="count_zeros"\n\n# %% task="count_masks"\n\n'
    checks = '# %% check="count_zeros" together="count_masks"\n\n# %% check="count_masks"\n'
    room.exercise_source.write_text(FRONT + tasks + checks, encoding="utf-8")
    sources = [cell.source for cell in compose(room, "exercise")[0].cells]
    assert any('check("count_zeros", count_zeros, count_masks)' in source for source in sources)


WRONG = '''"""Counts the ones."""

import json
import torch

LIMIT = 3


def count_zeros(values):
    return 0 if not values else torch.tensor(values[:LIMIT]).sum() + count_zeros(values[LIMIT:])
'''
FAULTY = """import json

LIMIT = 3


def count_zeros_faulty(values):
    return 0 if not values else torch.tensor(values[:LIMIT]).sum() + count_zeros_faulty(values[LIMIT:])"""


def add_fault(room: Room, marker: str = 'fault="count_zeros__ones"') -> None:
    """The wrong answer of that name, shown above the first task."""
    file = room.answers / "mutants" / "count_zeros__ones.py"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(WRONG, encoding="utf-8")
    rewrite(room.exercise_source, '# %% task="count_zeros"', f'# %% {marker}\n\n# %% task="count_zeros"')


def test_a_fault_is_shown_under_another_name_without_docstring_and_known_imports(room: Room) -> None:
    add_fault(room)
    notebook, before = compose(room, "exercise")
    place = [item.id for item in notebook.cells].index("count_zeros")
    assert notebook.cells[place - 1].source == FAULTY
    assert "nbgrader" not in notebook.cells[place - 1].metadata
    rewrite(room.answers / "mutants" / "count_zeros__ones.py", "LIMIT = 3", "LIMIT = 4")
    assert compose(room, "exercise")[1]["cells"] != before["cells"], "its outputs are those of another text"


@pytest.mark.parametrize(
    ("marker", "sentence"),
    [
        ('fault="count_zeros__twos"', "mutants/count_zeros__twos.py does not exist"),
        ('fault="double__ones"', "double__ones belongs to no task of this exercise"),
        ('fault="count_masks__ones"', "the wrong answer defines no function 'count_masks'"),
    ],
    ids=["no file", "no task", "no function"],
)
def test_a_fault_that_cannot_be_shown_is_named(room: Room, marker: str, sentence: str) -> None:
    add_fault(room, marker)
    for stem in ("double__ones", "count_masks__ones"):
        (room.answers / "mutants" / f"{stem}.py").write_text(WRONG, encoding="utf-8")
    with pytest.raises(BuildError, match=sentence):
        compose(room, "exercise")


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "begins with a front matter"),
        ("# ---\n# title: [\n# ---\n", "is not YAML"),
        ("# ---\n# title: A\n# covers: [A99]\n# ---\n", "topics that do not exist: A99"),
        (FRONT + '# %% task="count_nothing"\n', "defines no 'count_nothing'"),
        (
            FRONT + '# %% task="count_masks"\n\n# %% task="count_zeros"\n',
            "calls count_zeros: put that task's card before",
        ),
        (
            FRONT + '# %% task="count_zeros"\n\n# %% check="count_zeros" together="count_masks"\n',
            "needs count_masks, whose task has to stand above it",
        ),
        (FRONT + '# %% task="count_zeros"\n', "one is missing for count_zeros"),
        (FRONT + '# %% check="count_zeros"\n', "stands once, below its task"),
        (FRONT + '# %% task="double"\n\n# %% check="double"\n', "has no check for double"),
        (FRONT + '# %% task="count_zeros"\nprint()\n', "no text of its own"),
        (FRONT + '# %% show="counting.count_zeros"\n\n# %% task="count_zeros"\n', "does not give it away"),
        (FRONT + '# %% show="nothing.count"\n', "shrink/nothing.py does not exist"),
    ],
    ids=lambda value: value if " " in value and "#" not in value else "",
)
def test_what_cannot_be_built_is_refused_with_its_place(room: Room, text: str, sentence: str) -> None:
    room.exercise_source.write_text(text, encoding="utf-8")
    with pytest.raises(BuildError, match=r"exercise\.py") as caught:
        compose(room, "exercise")
    assert sentence in str(caught.value)


@pytest.mark.parametrize("marker", ['task="double"', 'fault="double__ones"'])
def test_a_lesson_holds_no_task_cell(room: Room, marker: str) -> None:
    rewrite(room.lesson_source, 'show="counting.double"', marker)
    with pytest.raises(BuildError, match="belong into the exercise"):
        compose(room, "lesson")


@pytest.fixture(scope="module")
def executed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The toy lesson, executed once."""
    settle_environment(ROOT)
    root = tmp_path_factory.mktemp("executed")
    path = root / "source" / "01_counting" / "lesson.py"
    path.parent.mkdir(parents=True)
    path.write_text(LESSON, encoding="utf-8")
    (root / "shrink").mkdir()
    (root / "shrink" / "counting.py").write_text(MODULE, encoding="utf-8")
    room = Room("01_counting", root)
    for file, data in build.build(room, "lesson", run=True).items():
        build.write(file, data)
    return root


@pytest.fixture
def lesson(executed: Path, tmp_path: Path) -> Room:
    """A copy of the executed toy lesson that a test may spoil."""
    shutil.copytree(executed, tmp_path, dirs_exist_ok=True)
    return Room("01_counting", tmp_path)


def built(room: Room) -> NotebookNode:
    return nbformat.reads(room.lesson.read_text(encoding="utf-8"), as_version=4)


def test_a_run_stores_outputs_and_stamp(lesson: Room) -> None:
    notebook = built(lesson)
    assert notebook.cells[-1].outputs[0].data == {"text/plain": "42"}
    assert [item.execution_count for item in notebook.cells if item.cell_type == "code"] == [1, 2, 3]
    assert len(notebook.metadata.shrink.stamp.source) == 64
    assert "version" not in notebook.metadata.language_info
    assert not list(problems(notebook, lesson.root))
    with Image.open(io.BytesIO(base64.b64decode(notebook.cells[1].outputs[0].data["image/png"]))) as picture:
        assert picture.info.get("Software") is None, "matplotlib's version would change the bytes"


def test_a_rebuild_keeps_outputs_and_every_byte(lesson: Room) -> None:
    before = lesson.lesson.read_bytes()
    assert build.build(lesson, "lesson", run=False) == {lesson.lesson: before}
    assert not build.write(lesson.lesson, before)


@pytest.mark.parametrize(
    "spoil",
    [
        lambda room: rewrite(room.lesson_source, "double(21)", "double(22)"),
        lambda room: rewrite(room.root / "shrink" / "counting.py", "return 2 * x", "return 3 * x"),
    ],
    ids=["text", "function"],
)
def test_a_changed_text_or_function_drops_outputs_and_stamp(
    lesson: Room, spoil: Callable[[Room], None]
) -> None:
    spoil(lesson)
    data = build.build(lesson, "lesson", run=False)[lesson.lesson]
    assert build.is_stale(data)
    assert not any(item.get("outputs") for item in nbformat.reads(data.decode(), as_version=4).cells)


def test_a_changed_module_behind_an_import_breaks_the_stamp(room: Room) -> None:
    rewrite(room.lesson_source, "import matplotlib", "from shrink.counting import dump\n\nimport matplotlib")
    (room.root / "shrink" / "nets.py").write_text("A = 1\n", encoding="utf-8")
    _, before = compose(room, "lesson")
    assert {"shrink/counting.py", "shrink/nets.py"} <= set(before)
    (room.root / "shrink" / "nets.py").write_text("A = 2\n", encoding="utf-8")
    _, after = compose(room, "lesson")
    assert [name for name in before if before[name] != after[name]] == ["shrink/nets.py"]


def test_a_retrained_checkpoint_breaks_the_stamp(room: Room) -> None:
    rewrite(room.lesson_source, "double(21)", 'training.load_checkpoint("toy")')
    checkpoint = room.root / "data" / "checkpoints" / "toy.safetensors"
    checkpoint.parent.mkdir(parents=True)
    checkpoint.write_bytes(b"\xff\x00")
    _, before = compose(room, "lesson")
    checkpoint.write_bytes(b"\xff\x01")
    _, after = compose(room, "lesson")
    assert [name for name in before if before[name] != after[name]] == ["data/checkpoints/toy.safetensors"]


def test_check_reports_a_hand_edited_notebook_and_writes_nothing(lesson: Room) -> None:
    rewrite(lesson.lesson, "double(21)", "double(20)")
    before = lesson.lesson.read_bytes()
    faults = build.run_builds([lesson], run=True, check=True, root=lesson.root)
    assert any("lessons/01_counting.ipynb is not what its source gives" in fault for fault in faults)
    assert lesson.lesson.read_bytes() == before


def test_a_failing_cell_stops_the_build_with_its_error_and_leaves_the_old_notebook(lesson: Room) -> None:
    before = lesson.lesson.read_bytes()
    rewrite(lesson.lesson_source, "double(21)", "double(21) + nothing")
    with pytest.raises(BuildError, match="name 'nothing' is not defined"):
        build.build(lesson, "lesson", run=True)
    assert lesson.lesson.read_bytes() == before


def test_a_kernel_is_this_interpreter_in_the_notebooks_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kernels = tmp_path / "share" / "kernels" / "python3"
    kernels.mkdir(parents=True)
    spec = {"argv": ["/bin/false"], "display_name": "another Python", "language": "python"}
    (kernels / "kernel.json").write_text(json.dumps(spec), encoding="utf-8")
    monkeypatch.setenv("JUPYTER_PATH", str(tmp_path / "share"))
    code = "import os, sys\nprint(sys.executable, os.getcwd(), os.environ['OMP_NUM_THREADS'], sep='|')"
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(code)])
    execute(notebook, tmp_path, "toy")
    assert notebook.cells[0].outputs[0].text == f"{sys.executable}|{tmp_path}|1\n"


def picture(side: int) -> str:
    file = io.BytesIO()
    Image.effect_noise((side, side), 90).save(file, "PNG")
    return base64.b64encode(file.getvalue()).decode()


@pytest.mark.parametrize(
    ("output", "sentence"),
    [
        (
            nbformat.v4.new_output("stream", name="stderr", text="UserWarning: odd\n"),
            "stderr: UserWarning: odd",
        ),
        (nbformat.v4.new_output("stream", text="line\n" * 21), "prints 21 lines"),
        (
            nbformat.v4.new_output("stream", text="<Net at 0x7f12ab34cd56>\n"),
            "a memory address, 0x7f12ab34cd56",
        ),
        (nbformat.v4.new_output("stream", text=f"{ROOT}/data\n"), "names a folder of the machine"),
        (nbformat.v4.new_output("error", ename="ValueError", evalue="", traceback=[]), "ended in ValueError"),
        (nbformat.v4.new_output("display_data", data={"image/svg+xml": "<svg/>"}), "PNG, not image/svg"),
        (nbformat.v4.new_output("display_data", data={"image/png": picture(300)}), "at most 60 are allowed"),
        (nbformat.v4.new_output("stream", text="x" * 400_000), "at most 400 are allowed"),
    ],
    ids=["stderr", "lines", "address", "path", "error", "svg", "picture", "size"],
)
def test_outputs_over_the_limits_are_named(output: NotebookNode, sentence: str) -> None:
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("pass", outputs=[output])])
    assert any(sentence in problem for problem in problems(notebook, ROOT))


def test_twenty_lines_and_a_small_picture_are_fine() -> None:
    outputs = [
        nbformat.v4.new_output("stream", text="line\n" * 20),
        nbformat.v4.new_output("display_data", data={"image/png": picture(60), "text/plain": "<Figure>"}),
    ]
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("pass", outputs=outputs)])
    assert not list(problems(notebook, ROOT))


def test_a_results_file_becomes_a_table(tmp_path: Path) -> None:
    result = {"columns": ["net", "bytes"], "rows": [["LeNet", 1066440]], "conditions": "One seed.", "seed": 1}
    (tmp_path / "sizes.json").write_text(json.dumps(result), encoding="utf-8")
    text = "before\n<!-- results: sizes -->\n| old |\n<!-- end results -->\nafter"
    filled = fill(text, tmp_path)
    assert filled == (
        "before\n<!-- results: sizes -->\n"
        "| net | bytes |\n| --- | ---: |\n| LeNet | 1,066,440 |\n\nOne seed.\n"
        "<!-- end results -->\nafter"
    )
    assert fill(filled, tmp_path) == filled


def test_a_missing_results_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(BuildError, match=r"figures of speed\.json"):
        fill("<!-- results: speed -->\n<!-- end results -->", tmp_path)


def test_topics_before_a_room_are_those_of_smaller_number(tmp_path: Path) -> None:
    for key in ("01_measuring", "02_pruning", "03_quantization"):
        (tmp_path / "source" / key).mkdir(parents=True)
    assert [room.topic for room in all_rooms(tmp_path)] == ["measuring", "pruning", "quantization"]
    assert topics_before("pruning", tmp_path) == {"measuring"}
