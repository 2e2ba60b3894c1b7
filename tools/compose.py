"""Turn the text of a room into notebooks: marked cells, ids, metadata, stamp. Nothing runs here."""

# mypy: allow-untyped-calls
import ast
import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import jupytext
import nbformat
import yaml  # type: ignore[import-untyped, unused-ignore]
from nbformat import NotebookNode

from tools import excerpt
from tools.excerpt import BuildError
from tools.execute import KERNELSPEC, LANGUAGE
from tools.points import task_points
from tools.rooms import TOPICS, Room, all_rooms

MARKERS = ("imports", "show", "fault", "task", "check")


@dataclass
class Draft:
    """One notebook while it is being put together, and what its earlier cells have already defined."""

    room: Room
    kind: str  # "lesson" or "exercise"
    points: dict[str, float]
    seen: set[str] = field(default_factory=set)
    tasks: list[str] = field(default_factory=list)
    checked: list[str] = field(default_factory=list)


def compose(room: Room, kind: str) -> tuple[NotebookNode, dict[str, str]]:
    """One notebook of a room, not executed, and the stamp its outputs will carry.

    Args: kind is "lesson" or "exercise"; an exercise comes out as the solution notebook.
    Raises: BuildError when the text asks for something that does not exist.
    """
    path = room.lesson_source if kind == "lesson" else room.exercise_source
    name = str(path.relative_to(room.root))
    if not path.is_file():
        raise BuildError(f"there is no {name}")
    text = path.read_text(encoding="utf-8")
    front, cells = front_matter(path), read_cells(path)[1:]
    draft = Draft(room, kind, task_points(room.checks) if kind == "exercise" else {})
    notebook = NotebookNode(nbformat.v4.new_notebook())
    for position, cell in enumerate(cells):
        built = _expand(draft, cell, f"{name}, cell {position + 1}")
        graded = built.metadata.get("nbgrader", {}).get("grade_id")
        built["id"] = graded or digest(f"{room.key}/{kind}/{position}")[:8]
        notebook.cells.append(built)
    odd = sorted(set(draft.tasks) ^ set(draft.checked))
    if odd:
        raise BuildError(f"{name}: a task and its check come in pairs, one is missing for {', '.join(odd)}")
    about = {"room": room.key, **front}
    notebook.metadata = nbformat.from_dict(
        {"kernelspec": KERNELSPEC, "language_info": LANGUAGE, "shrink": about}
    )
    stamp = {"source": digest(text), "cells": digest("\0".join(cell.source for cell in notebook.cells))}
    for file in behind(notebook, room):
        stamp[file.relative_to(room.root).as_posix()] = hashlib.sha256(file.read_bytes()).hexdigest()
    return notebook, stamp


def new_code(source: str, metadata: dict[str, Any] | None = None) -> NotebookNode:
    return NotebookNode(nbformat.v4.new_code_cell(source, metadata=nbformat.from_dict(metadata or {})))


def digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def read_cells(path: Path) -> list[NotebookNode]:
    """The cells of a source text; the first is its front matter."""
    return list(jupytext.reads(path.read_text(encoding="utf-8"), fmt="py:percent").cells)


def front_matter(path: Path) -> dict[str, Any]:
    """The title of a source text and the topics it covers."""
    name, cells = f"{path.parent.name}/{path.name}", read_cells(path)
    if not cells or cells[0].cell_type != "raw" or not cells[0].source.startswith("---"):
        raise BuildError(f"{name} begins with a front matter: title and covers between two lines `# ---`")
    try:
        front = yaml.safe_load(cells[0].source.strip().strip("-"))
    except yaml.YAMLError as error:
        raise BuildError(f"{name}: the front matter is not YAML: {error}") from None
    if not isinstance(front, dict) or set(front) != {"title", "covers"}:
        raise BuildError(f"{name}: the front matter holds exactly title and covers")
    unknown = [str(topic) for topic in front["covers"] if topic not in TOPICS]
    if unknown:
        raise BuildError(f"{name}: covers names topics that do not exist: {', '.join(unknown)}")
    return {"title": front["title"], "covers": front["covers"]}


def _expand(draft: Draft, cell: NotebookNode, place: str) -> NotebookNode:
    """A cell of the source text as a cell of the notebook."""
    if cell.cell_type == "markdown":
        return NotebookNode(nbformat.v4.new_markdown_cell(cell.source))
    marks = [name for name in MARKERS if name in cell.metadata]
    if not marks:
        draft.seen |= _defined(cell.source)
        return new_code(cell.source, _tags(cell))
    if len(marks) > 1 or cell.source.strip():
        raise BuildError(f"{place}: a marked cell has one marker and no text of its own")
    mark, value = marks[0], str(cell.metadata[marks[0]])
    if mark in ("fault", "task", "check") and draft.kind == "lesson":
        raise BuildError(f"{place}: {mark} cells belong into the exercise")
    try:
        build = {"imports": _imports, "show": _show, "fault": _fault, "task": _task, "check": _check}[mark]
        return build(draft, value, cell.metadata)
    except BuildError as error:
        raise BuildError(f"{place}: {error}") from None


def _imports(draft: Draft, topic: str, options: dict[str, Any]) -> NotebookNode:
    later = {room.topic for room in all_rooms(draft.room.root) if room.key > draft.room.key}
    hidden = frozenset(later | {draft.room.topic})
    tasks = exercise_tasks(draft.room.exercise_source)
    source = excerpt.imports(_module(draft, topic), tasks, hidden)
    draft.seen |= _defined(source)
    return new_code(source)


def _show(draft: Draft, value: str, options: dict[str, Any]) -> NotebookNode:
    topic, _, name = value.partition(".")
    asked = exercise_tasks(draft.room.root / "source" / _key_of(draft, topic) / "exercise.py")
    if name in asked:
        raise BuildError(f"{value} is a task of the exercise: a lesson does not give it away")
    return new_code(
        excerpt.show(_module(draft, topic), name, draft.seen, brief=bool(options.get("brief", False)))
    )


def _fault(draft: Draft, stem: str, options: dict[str, Any]) -> NotebookNode:
    """A known wrong answer, to be repaired; its function is called `NAME_faulty`, the stub stays a stub."""
    file = draft.room.answers / "mutants" / f"{stem}.py"
    if not file.is_file():
        raise BuildError(f"autograder/answers/{draft.room.topic}/mutants/{stem}.py does not exist")
    tasks = [task for task in exercise_tasks(draft.room.exercise_source) if stem.startswith(f"{task}__")]
    if not tasks:
        raise BuildError(f"{stem} belongs to no task of this exercise: a fault is named TASK__what_it_does")
    return new_code(excerpt.fault(file.read_text(encoding="utf-8"), max(tasks, key=len), draft.seen))


def _task(draft: Draft, name: str, options: dict[str, Any]) -> NotebookNode:
    module = _module(draft, draft.room.topic)
    asked = exercise_tasks(draft.room.exercise_source)
    missing = [other for other in excerpt.needed(module, name) if other in asked and other not in draft.tasks]
    if missing:
        raise BuildError(
            f"the reference of {name} calls {', '.join(missing)}: put that task's card before this one, "
            "or let both use a private helper"
        )
    if name in draft.tasks:
        raise BuildError(f"the task {name} appears twice")
    draft.tasks.append(name)
    metadata = nbgrader_metadata(name, solution=True)
    return new_code(excerpt.task(module, name, asked), metadata)


def _check(draft: Draft, name: str, options: dict[str, Any]) -> NotebookNode:
    if name not in draft.tasks or name in draft.checked:
        raise BuildError(f"the check of {name} stands once, below its task")
    if name not in draft.points:
        raise BuildError(f"autograder/checks/test_{draft.room.topic}.py has no check for {name}")
    functions = [name, *str(options.get("together", "")).split()]
    if absent := [other for other in functions if other not in draft.tasks]:
        raise BuildError(f"the check of {name} needs {', '.join(absent)}, whose task has to stand above it")
    draft.checked.append(name)
    # The import stands in the cell itself: an answer that defines its own `check` must not win.
    source = f'from autograder import check\n\ncheck("{name}", {", ".join(functions)})'
    metadata = nbgrader_metadata(f"check_{name}", points=draft.points[name])
    return new_code(source, metadata)


def nbgrader_metadata(grade_id: str, *, solution: bool = False, points: float = 0) -> dict[str, Any]:
    """All seven keys nbgrader wants; a cell is either a solution or a locked grade cell."""
    exact = int(points) if float(points).is_integer() else points
    return {
        "nbgrader": {
            "grade": not solution,
            "grade_id": grade_id,
            "locked": not solution,
            "points": exact,
            "schema_version": 3,
            "solution": solution,
            "task": False,
        }
    }


def exercise_tasks(path: Path) -> list[str]:
    """The tasks an exercise text asks for."""
    cells = read_cells(path) if path.is_file() else []
    return [str(cell.metadata["task"]) for cell in cells if "task" in cell.metadata]


def behind(notebook: NotebookNode, room: Room) -> list[Path]:
    """Files that outputs depend on: shrink modules, imported or reached, checkpoints, results, the checks."""
    code = code_of(notebook)
    files: set[Path] = set()
    waiting = [name for source in code for name in _shrink_imports(ast.parse(source))]
    while waiting:
        file = room.root / "shrink" / f"{waiting.pop()}.py"
        if file.is_file() and file not in files:
            files.add(file)
            waiting += _shrink_imports(ast.parse(file.read_text(encoding="utf-8")))
    loaded = re.findall(r"load_checkpoint\(\s*[\"'](\w+)[\"']", "\n".join(code))
    others = [room.root / "data" / "checkpoints" / f"{name}.safetensors" for name in loaded]
    recorded = re.findall(r"[\"']results[\"'] / [\"'](\w+)\.json[\"']", "\n".join(code))
    others += [room.root / "data" / "results" / f"{name}.json" for name in recorded]
    if any("from autograder import check" in source for source in code):
        others.append(room.checks)
    if any(re.search(r"^(from|import) interview\b", source, re.MULTILINE) for source in code):
        others += sorted((room.root / "interview").rglob("*.yaml"))
    return sorted(files.union(file for file in others if file.is_file()))


def _shrink_imports(tree: ast.AST) -> Iterable[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module == "shrink":
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and (node.module or "").startswith("shrink."):
            yield str(node.module).split(".")[1]
        elif isinstance(node, ast.Import):
            yield from (alias.name.split(".")[1] for alias in node.names if alias.name.startswith("shrink."))


def code_of(notebook: NotebookNode) -> list[str]:
    """The code cells as plain Python."""
    return [_plain(cell.source) for cell in notebook.cells if cell.cell_type == "code"]


def _plain(source: str) -> str:
    """A cell without its magics."""
    return "\n".join("pass" if line.startswith(("%", "!")) else line for line in source.splitlines())


def _defined(source: str) -> set[str]:
    """Names a hand-written cell defines or imports."""
    nodes = list(ast.walk(ast.parse(_plain(source))))
    imported = [node.names for node in nodes if isinstance(node, ast.Import | ast.ImportFrom)]
    names = {node.name for node in nodes if isinstance(node, ast.FunctionDef | ast.ClassDef)}
    return names | {alias.asname or alias.name for names in imported for alias in names}


def _tags(cell: NotebookNode) -> dict[str, Any]:
    return {"tags": cell.metadata["tags"]} if "tags" in cell.metadata else {}


def _key_of(draft: Draft, topic: str) -> str:
    keys = [room.key for room in all_rooms(draft.room.root) if room.topic == topic]
    return keys[0] if keys else topic


def _module(draft: Draft, topic: str) -> excerpt.Module:
    return excerpt.read_module(draft.room.root / "shrink" / f"{topic}.py")
