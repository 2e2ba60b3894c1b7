"""Build the notebooks: ``python -m tools.build [ROOM ...] [--execute] [--check]``

The text of a room is two files in jupytext's py:percent form, ``source/NN_topic/{lesson,exercise}.py``, each
with a front matter (`title`, `covers`). A code cell is what it says, or carries one marker and no text:

    # %% imports="pruning"           the imports of shrink/pruning.py that the exercise's tasks need
    # %% show="pruning.random_mask"  that function in full, and private helpers no earlier cell has shown;
                                     `brief=true` keeps one line of its docstring; never a task's function
    # %% fault="double__adds_two"    exercise: that wrong answer of autograder/answers, to be repaired, less
                                     docstring and known imports; its function is called double_faulty
    # %% task="magnitude_mask"       exercise: signature and docstring; the body is a solution region
    # %% check="magnitude_mask"      exercise: the locked test cell; its points come from autograder/checks
                                     `together="decode"` names further tasks whose functions it calls

    source/R/lesson.py   -> lessons/R.ipynb
    source/R/exercise.py -> solutions/R/R.ipynb -> exercises/R/R.ipynb (by nbgrader)

A task may call functions of other tasks if their cells stand above; what no task asks for, helpers and
constants, comes along inside the solution region.

Without ``--execute`` nothing runs: outputs are kept where the notebook's stamp still holds (SHA-256 of the
source text, of the built cells, of the files their imports lead to). With it, notebooks without a valid stamp
are run in a fresh kernel; to run one again, delete it. ``--check`` writes nothing and ends with 1 if anything
is out of date. Marked blocks of PAGES are filled from ``data/results`` on the way (tools/figures.py).
"""

# mypy: allow-untyped-calls
import argparse
import os
import sys
import time
from collections.abc import Sequence
from pathlib import Path

if __package__ in (None, ""):  # python tools/build.py
    sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import nbformat
from nbformat import NotebookNode

from tools.compose import compose
from tools.excerpt import BuildError
from tools.execute import execute, problems, settle_environment
from tools.figures import fill
from tools.release import release
from tools.rooms import ROOT, Room, all_rooms, find, pages

PAGES = ("README.md", "docs/teaching.md")


def build(room: Room, kind: str, *, run: bool) -> dict[Path, bytes]:
    """The notebooks of one source text, as the bytes that belong into their files.

    Args: kind "lesson" or "exercise"; run executes a notebook whose stored outputs no longer hold.
    Raises: BuildError, also when the outputs of a run break a limit.
    """
    target = room.lesson if kind == "lesson" else room.solution
    notebook, stamp = compose(room, kind)
    if carry_outputs(notebook, stamp, target):
        notebook.metadata["shrink"]["stamp"] = stamp
    elif run:
        target.parent.mkdir(parents=True, exist_ok=True)
        execute(notebook, target.parent, f"{room.key} {kind}")
        notebook.metadata["shrink"]["stamp"] = stamp
        faults = list(problems(notebook, room.root))
        if faults:
            raise BuildError(f"{room.key} {kind}: " + "; ".join(faults))
    files = {target: to_bytes(notebook)}
    if kind == "exercise":
        files[room.exercise] = release(room.key, files[target])
    return files


def carry_outputs(notebook: NotebookNode, stamp: dict[str, str], old: Path) -> bool:
    """Take over the outputs of the notebook on disk if its stamp is the one we would write."""
    if not old.is_file():
        return False
    before = nbformat.reads(old.read_text(encoding="utf-8"), as_version=4)
    if before.metadata.get("shrink", {}).get("stamp") != stamp:
        return False
    stored = {cell.id: cell for cell in before.cells if cell.cell_type == "code"}
    for cell in notebook.cells:
        if cell.cell_type == "code" and cell.id in stored:
            cell.outputs, cell.execution_count = stored[cell.id].outputs, stored[cell.id].execution_count
    return True


def to_bytes(notebook: NotebookNode) -> bytes:
    """A valid notebook as its file: a fixed order of keys, so that the same notebook is the same bytes."""
    nbformat.validate(notebook)
    return (str(nbformat.writes(notebook, indent=1)).rstrip("\n") + "\n").encode()


def is_stale(data: bytes) -> bool:
    """Whether a built notebook lacks the stamp of a run."""
    return "stamp" not in nbformat.reads(data.decode(), as_version=4).metadata["shrink"]


def write(path: Path, data: bytes) -> bool:
    """Put `data` at `path` in one step; False if it was there already."""
    if path.is_file() and path.read_bytes() == data:
        return False
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".{path.name}.part")
    part.write_bytes(data)
    os.replace(part, path)
    return True


def run_builds(rooms: Sequence[Room], *, run: bool, check: bool, root: Path = ROOT) -> list[str]:
    """Build all, say what happened, and return what is wrong, one line each. One room never stops another."""
    faults: list[str] = []
    for room, kind in ((one, kind) for one in rooms for kind in one.kinds):
        start = time.perf_counter()
        try:
            files = build(room, kind, run=run and not check)
        except (BuildError, SyntaxError) as error:
            faults.append(str(error))
            continue
        seconds = time.perf_counter() - start
        for path, data in files.items():
            name, stale = path.relative_to(root), is_stale(data)
            if check and not (path.is_file() and path.read_bytes() == data):
                faults.append(f"{name} is not what its source gives: run `make build`")
            changed = not check and write(path, data)
            if stale:
                faults.append(f"{name} has no outputs of this text: run `make build ARGS=--execute`")
            verb = "wrote" if changed else "same "
            print(f"{verb} {name} ({len(data) / 1000:.0f} KB, {seconds:.1f} s)", flush=True)
    for kept in PAGES:
        page = root / kept
        if not page.is_file():
            continue
        text = page.read_text(encoding="utf-8")
        filled = fill(text, root / "data" / "results")
        if check and filled != text:
            faults.append(f"{kept} does not print the figures of data/results: run `make build`")
        elif write(page, filled.encode()):
            print(f"wrote {kept}")
    return faults


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m tools.build", description="Build the notebooks.")
    parser.add_argument("rooms", nargs="*", metavar="ROOM", help="02_pruning or pruning; default: all")
    parser.add_argument("--execute", action="store_true", help="run notebooks whose outputs no longer hold")
    parser.add_argument("--check", action="store_true", help="write nothing; 1 if anything is out of date")
    options = parser.parse_args(arguments)
    try:
        rooms = [find(name) for name in options.rooms] or all_rooms() + pages()
    except ValueError as error:
        parser.error(str(error))
    settle_environment(ROOT)
    faults = run_builds(rooms, run=options.execute, check=options.check)
    for fault in faults:
        print(f"build: {fault}", file=sys.stderr)
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
