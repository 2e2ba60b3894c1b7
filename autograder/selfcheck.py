"""Judging the judge: the reference gets 100 %, the stub 0 %, right answers of other style pass, wrong ones
do not.

Answers live in answers/<topic>/mutants and /twins. Each file holds one function (and its helpers) and
replaces the reference's function of that name; its own name says which and what is special:
`magnitude_mask__keeps_smallest.py`. Only the task an answer belongs to is judged.
"""

import ast
from dataclasses import dataclass, field
from pathlib import Path

from rich.console import Console
from rich.table import Table
from rich.text import Text

from autograder.grade import Room, Workers, judge
from autograder.job import Source
from autograder.report import Result
from autograder.rooms import ANSWERS, answers


@dataclass
class Tally:
    """How a task's answers fared."""

    mutants: int = 0
    caught: int = 0
    twins: int = 0
    accepted: int = 0


@dataclass
class Report:
    """One room: a tally for each task, and a sentence for everything that is not as it should be."""

    room: Room
    tallies: dict[str, Tally]
    faults: list[str] = field(default_factory=list)
    reference: Result | None = None


def stub(source: Source, tasks: set[str]) -> Source:
    """The reference with each task's body replaced by what a learner finds there."""
    cells = []
    for name, text in source.cells:
        tree = ast.parse(text)
        for node in tree.body:
            if isinstance(node, ast.FunctionDef) and node.name in tasks:
                node.body = ast.parse("raise NotImplementedError").body
        cells.append((name, ast.unparse(tree)))
    return Source(tuple(cells))


def check_room(room: Room, workers: Workers, *, seed: int = 7, folder: Path = ANSWERS) -> Report:
    """Judge the reference, the stub, and every answer in its own task."""
    report = Report(room, {task: Tally() for task in room.tasks})
    report.reference = judge(room, room.reference, "reference", seed=seed, workers=workers, trusted=True)
    report.faults += [
        f"reference, {task.name}: {task.message}"
        for task in report.reference.tasks
        if task.status != "passed"
    ]
    blank = judge(
        room, stub(room.reference, set(room.tasks)), "stub", seed=seed, workers=workers, trusted=True
    )
    report.faults += [
        f"stub, {task.name}: {task.status}, {task.points:g} points"
        for task in blank.tasks
        if task.status != "not_attempted"
    ]
    for kind in ("mutants", "twins"):
        for task, file in answers(room, kind, folder):
            if task not in report.tallies:
                report.faults.append(f"{kind}/{file.name}: there is no task {task}")
                continue
            check_answer(report, workers, kind, task, file, seed)
    return report


def check_answer(report: Report, workers: Workers, kind: str, task: str, file: Path, seed: int) -> None:
    """One answer in its own task: a twin passes, a mutant does not."""
    source = Source((*report.room.reference.cells, (file.name, file.read_text(encoding="utf-8"))))
    result = judge(report.room, source, file.stem, seed=seed, workers=workers, trusted=True, tasks=[task])
    verdict, tally = result.tasks[0], report.tallies[task]
    if kind == "twins":
        tally.twins += 1
        tally.accepted += verdict.status == "passed"
        if verdict.status != "passed":
            report.faults.append(f"twin {file.stem} was refused: {verdict.message}")
        return
    caught = verdict.status not in ("passed", "infra_error", "missing", "not_attempted")
    tally.mutants += 1
    tally.caught += caught
    if not caught:
        report.faults.append(
            f"mutant {file.stem} was not caught: {verdict.status} {verdict.message}".rstrip()
        )


def show(report: Report, console: Console) -> None:
    """The table of one room."""
    table = Table(title=Text(report.room.key, style="bold"), title_justify="left")
    for name in ("task", "mutants caught", "twins accepted"):
        table.add_column(name, justify="left" if name == "task" else "right", no_wrap=True)
    for task, tally in report.tallies.items():
        table.add_row(Text(task), f"{tally.caught} of {tally.mutants}", f"{tally.accepted} of {tally.twins}")
    console.print(table)
    if report.reference is not None:
        used = f"{report.reference.cpu_seconds:.2f} CPU-seconds"
        console.print(
            Text(f"reference {report.reference.points:g} of {report.reference.max_points:g} points, {used}")
        )
    for fault in report.faults:
        console.print(Text(fault, style="red"))
