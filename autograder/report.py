"""What a judgement is: one submission's fields, its JSON, and the table in the terminal."""

import json
import os
import tempfile
from pathlib import Path
from typing import Literal

from pydantic import BaseModel
from rich.console import Console
from rich.table import Table
from rich.text import Text

from autograder import wire

Status = Literal[
    "passed", "partial", "failed", "missing", "not_attempted", "error", "timeout", "crashed", "out_of_memory",
    "bad_return", "not_run", "infra_error",
]  # fmt: skip
COLOURS = {"passed": "green", "partial": "yellow", "not_attempted": "dim", "missing": "dim", "not_run": "dim"}


class CheckResult(BaseModel):
    """One check of a task."""

    name: str
    passed: bool
    points: float
    max_points: float
    message: str = ""
    hint: str = ""
    status: Status = "passed"


class TaskResult(BaseModel):
    """One task: the sum of its checks."""

    name: str
    points: float
    max_points: float
    status: Status
    message: str
    checks: list[CheckResult]
    mistake: str = ""  # the known wrong answer whose results these equal: a file's stem in answers/
    lesson: str = ""  # where the lesson explains it, as path#heading; empty for a passed task


class Result(BaseModel):
    """One submission, judged or not; the fields are those of the project's result files."""

    room: str
    submission: str
    learner: str = ""  # whose it is, where a class was collected; the submission is a file's name
    points: float
    max_points: float
    sandbox: str
    seed: int
    seconds: float
    status: Literal["judged", "unreadable", "infra_error"]
    tasks: list[TaskResult]
    metrics: dict[str, float]
    message: str = ""
    cpu_seconds: float = 0.0
    reference_cpu_seconds: float = 0.0


def write(path: Path, content: str | bytes) -> None:
    """Write a file whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content if isinstance(content, bytes) else content.encode())
        mask = os.umask(0)
        os.umask(mask)
        os.chmod(name, 0o666 & ~mask)
        os.replace(name, path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def to_json(results: list[Result]) -> str:
    """One submission as an object, several as a list, a line each: the coder that indents is slow."""
    if len(results) == 1:
        return json.dumps(results[0].model_dump(), indent=1, ensure_ascii=False, allow_nan=False) + "\n"
    each = [json.dumps(result.model_dump(), ensure_ascii=False, allow_nan=False) for result in results]
    return "[\n" + ",\n".join(each) + "\n]\n"


def number(value: float) -> str:
    """Points as people write them: 3 and 2.5, not 3.0 and 2.4999."""
    return f"{value:.2f}".rstrip("0").rstrip(".")


def show(result: Result, console: Console) -> None:
    """The table of one submission; everything a learner wrote is shown as plain text."""
    name = wire.clean(result.submission)
    title = f"{name}: {number(result.points)} of {number(result.max_points)} points"
    if result.status == "unreadable":
        console.print(Text(f"{name}: unreadable: {wire.clean(result.message)}", style="red"))
        return
    table = Table(title=Text(title, style="bold"), title_justify="left", show_lines=False, expand=False)
    table.add_column("task", no_wrap=True)
    table.add_column("status", no_wrap=True)
    table.add_column("points", justify="right", no_wrap=True)
    table.add_column("what to look at", overflow="fold")
    for task in result.tasks:
        style = COLOURS.get(task.status, "red")
        status = Text(task.status.replace("_", " "), style=style)
        points = f"{number(task.points)} / {number(task.max_points)}"
        table.add_row(Text(task.name), status, points, Text(task.message))
    console.print(table)
    for name, value in result.metrics.items():
        console.print(Text(f"{name}: {value:.4g}"))
    if result.message:
        console.print(Text(result.message, style="red"))
    console.print(Text(f"sandbox {result.sandbox}, seed {result.seed}, {result.seconds:.1f} s", style="dim"))
