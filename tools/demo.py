"""The course in two minutes: execute the pruning lesson, judge three submissions, write one page.

    python -m tools.demo [FOLDER]       the page and its files go to FOLDER, by default .cache/demo
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, TypeVar

import nbformat
from nbformat import NotebookNode
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from tools.compose import compose
from tools.demo_page import measured, page
from tools.excerpt import BuildError
from tools.execute import execute, settle_environment
from tools.rooms import ROOT, Room, find

Result = TypeVar("Result")


def run_lesson(room: Room) -> NotebookNode:
    """The room's lesson, executed now in a fresh kernel."""
    notebook, _ = compose(room, "lesson")
    return execute(notebook, room.lesson.parent, f"{room.key} lesson")


def read(path: Path) -> NotebookNode:
    """A built notebook."""
    return NotebookNode(nbformat.reads(path.read_text(encoding="utf-8"), as_version=4))


def task_cells(notebook: NotebookNode) -> dict[str, NotebookNode]:
    """The cells that hold a learner's functions, by task."""
    graded = [(cell.metadata.get("nbgrader", {}), cell) for cell in notebook.cells]
    return {metadata["grade_id"]: cell for metadata, cell in graded if metadata.get("solution")}


def half_done(room: Room) -> NotebookNode:
    """The exercise with its first half of the tasks solved."""
    notebook, solved = read(room.exercise), task_cells(read(room.solution))
    tasks = task_cells(notebook)
    for name in list(tasks)[: len(tasks) // 2]:
        tasks[name].source = solved[name].source
    return notebook


def plausible(room: Room) -> NotebookNode:
    """The solution with a known mistake in every task: the first wrong answer of each."""
    notebook = read(room.solution)
    wrong = sorted((room.answers / "mutants").glob("*.py"))
    for name, cell in task_cells(notebook).items():
        mistakes = [path for path in wrong if path.name.startswith(f"{name}__")]
        if mistakes:
            cell.source = mistakes[0].read_text(encoding="utf-8")
    return notebook


def write_submissions(room: Room, folder: Path) -> list[Path]:
    """Three notebooks as learners would hand them in."""
    made = {"right": read(room.solution), "half-done": half_done(room), "plausible": plausible(room)}
    for name, notebook in made.items():
        nbformat.write(notebook, folder / f"{name}.ipynb")
    return [folder / f"{name}.ipynb" for name in made]


def judge(room: Room, submissions: list[Path], report: Path) -> list[dict[str, Any]]:
    """What the judge's command line says about them."""
    grade = [sys.executable, "-m", "autograder", "grade", room.key]
    command = [*grade, *map(str, submissions), "--json", str(report), "--html", str(report.parent)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode:
        said = done.stderr.strip() or done.stdout.strip()
        raise BuildError(f"the judge stopped (exit {done.returncode}): {said}")
    results = json.loads(report.read_text(encoding="utf-8"))
    return results if isinstance(results, list) else [results]


def table(results: list[dict[str, Any]]) -> Table:
    """One row a task, one column a submission."""
    shown = Table(title="Three submissions, judged", title_justify="left")
    shown.add_column("task")
    for result in results:
        shown.add_column(Path(result["submission"]).stem, justify="right")
    for rows in zip(*(result["tasks"] for result in results), strict=True):
        shown.add_row(rows[0]["name"], *(f"{row['points']:g} / {row['max_points']:g}" for row in rows))
    shown.add_section()
    shown.add_row("points", *(f"{result['points']:g} / {result['max_points']:g}" for result in results))
    for metric, values in measured(results).items():
        shown.add_row(metric, *values)
    return shown


def main(arguments: list[str] | None = None) -> int:
    """Run the lesson and the judge side by side, then write the page; 1 and one sentence when one fails."""
    given = sys.argv[1:] if arguments is None else arguments
    folder = Path(given[0]) if given else ROOT / ".cache" / "demo"
    folder.mkdir(parents=True, exist_ok=True)
    settle_environment(ROOT)
    console, start, room = Console(), time.perf_counter(), find("pruning")
    columns = (TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console) as progress:

        def step(text: str, work: Callable[[], Result]) -> Result:
            task = progress.add_task(text, total=None)
            result = work()
            progress.update(task, total=1, completed=1)
            return result

        try:
            submissions, report = write_submissions(room, folder), folder / "results.json"
            with ThreadPoolExecutor(1) as beside:  # the judge is a process of its own: both cores have work
                judging = beside.submit(step, "judging three submissions",
                                        lambda: judge(room, submissions, report))
                lesson = step("executing the pruning lesson", lambda: run_lesson(room))
                results = judging.result()
            path = folder / "index.html"
            path.write_text(page(lesson, results), encoding="utf-8")
        except (BuildError, OSError) as error:
            progress.stop()
            console.print(str(error), markup=False)
            return 1
    console.print(table(results))
    console.print(f"{time.perf_counter() - start:.0f} seconds. The page:", path, soft_wrap=True)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
