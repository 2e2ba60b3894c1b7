"""What leaves the judge as files: every format that was asked for, from the same results.

No file holds a date, a time or a duration (the JSON of the judge itself apart), so the same results give the
same bytes. A fault of the judge (`infra_error`) is in no format a zero: its grade stays empty or its file is
not written, and `write` names it.
"""

import json
import os
import unicodedata
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from autograder import gradebooks, overview, pages, report, sheets
from autograder import junit as junit_xml
from autograder.diagnosis import where
from autograder.pages import title
from autograder.report import Result, TaskResult
from autograder.sheets import ExportError

__all__ = ["ExportError", "check", "write"]
OVERVIEW = "overview.html"
SMALLER_IS_BETTER = ("bytes", "error", "macs", "seconds", "latency", "bits")
MOST_BYTES = 160  # of a file's name; file systems take 255
CLASSROOM50_UNIT = 100  # its scores are whole numbers, ours go down to fractions of a point


def check(
    room: str,
    *,
    canvas_from: Path | None = None,
    canvas_column: str = "",
    moodle_from: Path | None = None,
) -> None:
    """Raise ExportError now for a gradebook that could not be filled in later: before hours of judging."""
    if canvas_from is not None:
        gradebooks.canvas_column(sheets.read_sheet(canvas_from), canvas_column, room)
    if moodle_from is not None:
        gradebooks.moodle_columns(sheets.read_sheet(moodle_from))


def write(
    results: list[Result],
    *,
    json_file: Path | None = None,
    html: Path | None = None,
    junit: Path | None = None,
    gradescope: Path | None = None,
    classroom50: Path | None = None,
    csv_file: Path | None = None,
    canvas: Path | None = None,
    canvas_from: Path | None = None,
    canvas_column: str = "",
    moodle: Path | None = None,
    moodle_from: Path | None = None,
    lessons: str = "",
    whole_class: bool = False,
    environment: Mapping[str, str] = os.environ,
) -> list[str]:
    """Write each format whose path is given; returns sentences about whom an export leaves out.

    Args:
        html: a folder: a page a learner, and `overview.html` for several or a `whole_class`.
        gradescope, classroom50: a file for one result, a folder of files for several.
        canvas, moodle: the file to write, filled in from what the system exported (`..._from`).
        canvas_column: the header of the assignment; without it the one column that names the room.
        lessons: address below which the lessons are found; without it a page names the lesson in words.
        environment: where Classroom 50's runner says whose work this is.
    """
    faults = [one for one in results if one.status == "infra_error"]
    notes = [f"{title(one)}: not judged, a fault of the judge; no grade is written" for one in faults]
    names = page_names(results)
    if json_file:
        report.write(json_file, report.to_json(results))
    if html:
        for result, name in zip(results, names, strict=True):
            report.write(html / f"{name}.html", pages.page(result, lessons=lessons))
        if whole_class or len(results) != 1:
            links = [f"{name}.html" for name in names]
            report.write(html / OVERVIEW, overview.page(results, links))
    if junit:
        report.write(junit, junit_xml.to_junit(results))
    for target, convert in ((gradescope, to_gradescope), (classroom50, to_classroom50)):
        if target:
            _each(results, names, target, convert, environment)
    if csv_file:
        report.write(csv_file, gradebooks.to_csv(results))
    if canvas:
        notes += gradebooks.fill_canvas(results, _given(canvas_from, "canvas"), canvas, canvas_column)
    if moodle:
        notes += gradebooks.fill_moodle(results, _given(moodle_from, "moodle"), moodle)
    return notes


def _given(path: Path | None, option: str) -> Path:
    if path is None:
        raise ExportError(f"--{option} needs --{option}-from: the file that {option.title()} exported")
    return path


def _each(
    results: list[Result], names: list[str], target: Path, convert: Any, environment: Mapping[str, str]
) -> None:
    """One result into the file, several into a folder; none for what was not judged."""
    for result, name in zip(results, names, strict=True):
        path = target if len(results) == 1 and not target.is_dir() else target / f"{name}.json"
        if result.status == "infra_error":
            path.unlink(missing_ok=True)  # that of an earlier run would be taken for this one's
            continue
        data = convert(result, environment)
        report.write(path, json.dumps(data, indent=1, ensure_ascii=False, allow_nan=False) + "\n")


def page_names(results: list[Result]) -> list[str]:
    """A file name for each result: safe everywhere, and different also where letter case does not count."""
    taken, names = {Path(OVERVIEW).stem}, []
    for result in results:
        base = safe_name(title(result))
        name, count = base, 1
        while name.casefold() in taken:
            count += 1
            name = f"{base}-{count}"
        taken.add(name.casefold())
        names.append(name)
    return names


def safe_name(text: str) -> str:
    """Letters, digits and a few signs; never hidden, never a path, never a device, of modest length."""
    plain = unicodedata.normalize("NFC", text)
    kept = "".join(sign if sign.isalnum() or sign in "-_.@+" else "_" for sign in plain)
    kept = kept.encode()[:MOST_BYTES].decode(errors="ignore").strip(".")
    reserved = kept.partition(".")[0].upper() in {"CON", "PRN", "AUX", "NUL"} | {
        f"{port}{digit}" for port in ("COM", "LPT") for digit in range(10)
    }
    return f"_{kept}" if reserved or not kept or kept[0] == "-" else kept


def lesson_line(task: TaskResult) -> str:
    """Where the lesson explains a task, in words, unless the task's message says so already."""
    said = where(task.lesson).strip()
    return "" if said in task.message else said


def to_gradescope(result: Result, environment: Mapping[str, str]) -> dict[str, Any]:
    """Gradescope's results.json of one submission; what is shown is plain text, never markup."""
    tests = [
        {
            "name": f"{task.name}: {check.name}", "number": f"{at}.{of}", "score": check.points,
            "max_score": check.max_points, "status": "passed" if check.passed else "failed",
            "output": "\n".join(line for line in (check.message, check.hint) if line), "tags": [task.name],
            "visibility": "visible", "extra_data": {"task": task.name, "status": check.status},
        }
        for at, task in enumerate(result.tasks, 1)
        for of, check in enumerate(task.checks, 1)
    ]  # fmt: skip
    open_tasks = [task for task in result.tasks if task.status != "passed"]
    lines = [result.message] if result.message else []
    for task in open_tasks:
        said = (task.message or task.status.replace("_", " ")).rstrip(".") + "."
        lines.append(f"{task.name}: {said} {lesson_line(task)}".strip())
    data: dict[str, Any] = {
        "score": result.points, "output": "\n".join(lines) or "Every check passed.", "output_format": "text",
        "test_output_format": "text", "test_name_format": "text", "visibility": "visible",
        "stdout_visibility": "hidden", "tests": tests,
    }  # fmt: skip
    if result.metrics:
        data["leaderboard"] = [
            {"name": name, "value": value, "order": "asc" if _small(name) else "desc"}
            for name, value in result.metrics.items()
        ]
    mistakes = {task.name: task.mistake for task in result.tasks if task.mistake}
    data["extra_data"] = {
        "room": result.room, "status": result.status, "sandbox": result.sandbox, "mistakes": mistakes,
        "tasks": {task.name: task.status for task in result.tasks},
    }  # fmt: skip
    return data


def _small(metric: str) -> bool:
    return any(word in metric for word in SMALLER_IS_BETTER)


def to_classroom50(result: Result, environment: Mapping[str, str]) -> dict[str, Any]:
    """Classroom 50's result.json (classroom50/result/v1): a test a task, scores in hundredths of a point.

    Whose work it is and when it was handed in is the runner's word; it stamps `owner`, `assignment_type`
    and `datetime` itself once the grader has ended, so what stands here for them is a place holder.
    """
    commit = environment.get("COMMIT_URL", "unknown")
    tests: list[dict[str, Any]] = [
        {
            "test-name": task.name, "passed": task.status == "passed", "score": _hundredths(task.points),
            "max-score": _hundredths(task.max_points), "points": task.points,
            "message": task.message, "lesson": lesson_line(task), "mistake": task.mistake,
        }
        for task in result.tasks
    ]  # fmt: skip
    if result.status == "unreadable":
        whole = _hundredths(result.max_points)
        unread = {"test-name": "can be read", "passed": False, "score": 0, "max-score": whole}
        tests = [{**unread, "message": result.message}]
    return {
        "schema": "classroom50/result/v1",
        "classroom": environment.get("CLASSROOM", "unknown"),
        "assignment": environment.get("ASSIGNMENT", result.room),
        "assignment_type": environment.get("ASSIGNMENT_TYPE", "individual"),
        "owner": environment.get("USERNAME", "") or title(result),
        "submission": environment.get("SUBMISSION_TAG", "submit/unknown"),
        "commit": commit,
        "release": environment.get("RELEASE_URL", "unknown"),
        "review": environment.get("REVIEW_URL", "") or commit,
        "datetime": "1970-01-01T00:00:00Z",
        "score": sum(test["score"] for test in tests),
        "max-score": sum(test["max-score"] for test in tests),
        "tests": tests,
    }


def _hundredths(points: float) -> int:
    return round(points * CLASSROOM50_UNIT)
