"""Grades as tables: a plain CSV, and the exported gradebooks of Canvas and Moodle filled in."""

import html
import re
import unicodedata
from pathlib import Path

from autograder import report, wire
from autograder.diagnosis import where
from autograder.pages import shown_metrics, title
from autograder.report import Result, number
from autograder.sheets import ExportError, Sheet, filled, read_sheet, row_text, text_cell

CANVAS_PEOPLE = ("ID", "SIS User ID", "SIS Login ID", "Integration ID", "Student", "LastName", "FirstName")
CANVAS_TOTALS = ("Current", "Final", "Unposted", "Override")  # calculated by Canvas
MOODLE_PEOPLE = ("Identifier", "ID number", "Username", "Email address", "Full name")


def to_csv(results: list[Result]) -> str:
    """A row a learner: points, one column of points and one of status a task, what was measured, mistakes."""
    tasks = list(dict.fromkeys(task.name for result in results for task in result.tasks))
    metrics = list(dict.fromkeys(name for result in results for name in shown_metrics(result)))
    columns = [column for task in tasks for column in (task, f"{task} status")]
    head = ["learner", "submission", "room", "status", "points", "max points"]
    lines = [row_text([*head, *columns, *map(text_cell, metrics), "mistakes", "message"])]
    for result in results:
        judged = {task.name: task for task in result.tasks}
        none = result.status == "infra_error"  # no grade, and no zero
        cells = [
            text_cell(title(result)), text_cell(result.submission), result.room,
            result.status, "" if none else number(result.points), number(result.max_points),
        ]  # fmt: skip
        for name in tasks:
            task = judged.get(name)
            cells += ["", ""] if task is None else ["" if none else number(task.points), task.status]
        cells += [f"{result.metrics[name]:.10g}" if name in result.metrics else "" for name in metrics]
        mistakes = " ".join(task.mistake for task in result.tasks if task.mistake)
        lines.append(row_text([*cells, text_cell(mistakes), text_cell(result.message)]))
    return "\r\n".join([*lines, ""])


def key(text: str) -> str:
    """How names and numbers of learners are compared: without regard to case, accents' form and spaces."""
    return " ".join(unicodedata.normalize("NFC", text).casefold().split())


def index(sheet: Sheet, rows: range, people: tuple[str, ...]) -> list[dict[str, set[int]]]:
    """For each column that names people, the strongest first: key -> rows."""
    columns = [sheet.header.index(name) for name in people if name in sheet.header]
    found: list[dict[str, set[int]]] = []
    for column in columns:
        known: dict[str, set[int]] = {}
        for row in rows:
            value = sheet.at(row, column)
            last, comma, rest = value.partition(",")
            forms = {value, f"{rest} {last}" if comma else value, value.removeprefix("Participant ")}
            for form in {key(form) for form in forms} - {""}:
                known.setdefault(form, set()).add(row)
        found.append(known)
    if {"LastName", "FirstName"} <= set(sheet.header):
        family, given = sheet.header.index("LastName"), sheet.header.index("FirstName")
        both: dict[str, set[int]] = {}
        for where in rows:
            both.setdefault(key(f"{sheet.at(where, given)} {sheet.at(where, family)}"), set()).add(where)
        found.append(both)
    return found


def names_of(learner: str) -> list[str]:
    """What a learner may stand under: as collected, and "Ana Sy (1234)" by the number and by the name."""
    parts = re.fullmatch(r"(.+) \(([^()]+)\)", learner)
    return [learner, parts[2], parts[1]] if parts else [learner]


def match(
    sheet: Sheet, results: list[Result], rows: range, people: tuple[str, ...]
) -> tuple[dict[int, Result], list[str]]:
    """Row -> result, and a sentence for everyone who was not found, found twice, or is without work."""
    known, placed, notes = index(sheet, rows, people), dict[int, list[Result]](), []
    for result in results:
        names = [key(name) for name in (*names_of(result.learner), Path(result.submission).stem) if name]
        hits = next((found[name] for name in names for found in known if name in found), set())
        if len(hits) == 1:
            placed.setdefault(next(iter(hits)), []).append(result)
        else:
            why = "stands in several rows of" if hits else "is not in"
            name = title(result)
            notes.append(f"{name} {why} {sheet.path.name}: enter {grade_text(result)} by hand")
    for at, several in placed.items():
        if len(several) > 1:
            work = ", ".join(f"{title(one)} ({wire.clean(one.submission)})" for one in several)
            notes.append(f"{sheet.path.name}, row {at + 1} has several submissions, none entered: {work}")
    without = [row for row in rows if row not in placed and sheet.at(row, 0).strip()]
    if without:
        named = "; ".join(wire.clean(sheet.at(row, 0)) for row in without)
        notes.append(f"without a submission in {sheet.path.name}: {named}")
    return {row: several[0] for row, several in placed.items() if len(several) == 1}, notes


def grade_text(result: Result) -> str:
    return "nothing" if result.status == "infra_error" else f"{number(result.points)} points"


def scaled(result: Result, maximum: str) -> str:
    """The points in the gradebook's own scale, where it has another maximum than the room."""
    try:
        most = float(maximum.replace(",", "."))
    except ValueError:
        most = 0.0
    share = result.points / result.max_points if result.max_points else 0.0
    return number(result.points if most <= 0 else share * most)


def canvas_column(sheet: Sheet, asked: str, room: str) -> tuple[int, int]:
    """(row of the points possible, column of the assignment) in an export of Canvas."""
    possible = next((at for at in range(1, len(sheet.rows)) if "Points Possible" in sheet.at(at, 0)), None)
    if possible is None or "ID" not in sheet.header or "Section" not in sheet.header:
        raise ExportError(
            f"{sheet.path} is no gradebook of Canvas: it needs the columns Student, ID and Section and the "
            "row Points Possible; in Canvas choose Grades, Export"
        )
    columns = [
        at for at in range(sheet.header.index("Section") + 1, len(sheet.header))
        if "read only" not in sheet.at(possible, at) and not sheet.header[at].startswith(CANVAS_TOTALS)
    ]  # fmt: skip
    if asked:
        fitting = [at for at in columns if asked in (sheet.header[at], _title(sheet.header[at]))]
    else:
        words = room.partition("_")[2].replace("_", " ") or room
        fitting = [at for at in columns if words and words in key(sheet.header[at].replace("_", " "))]
    if len(fitting) != 1:
        wanted = f"called {asked!r}" if asked else f"named after {room}"
        names = ", ".join(sheet.header[at] for at in columns) or "none"
        raise ExportError(
            f"{sheet.path} has {len(fitting)} assignments {wanted}; name one with --canvas-column; "
            f"there are: {names}"
        )
    return possible, fitting[0]


def _title(header: str) -> str:
    """Canvas writes "Pruning (1234)": the title without the assignment's number."""
    return re.sub(r" \(\d+\)$", "", header)


def fill_canvas(results: list[Result], source: Path, target: Path, asked: str = "") -> list[str]:
    """Write an export of Canvas with the assignment's column filled in; returns whom it leaves out."""
    sheet = read_sheet(source)
    possible, column = canvas_column(sheet, asked, results[0].room if results else "")
    placed, notes = match(sheet, results, range(possible + 1, len(sheet.rows)), CANVAS_PEOPLE)
    maximum = sheet.at(possible, column)
    new = {(row, column): scaled(one, maximum) for row, one in placed.items() if one.status != "infra_error"}
    report.write(target, filled(sheet, new))
    return notes + _scale_note(results, maximum, source)


def moodle_columns(sheet: Sheet) -> tuple[int, int | None]:
    """(column of the grade, column of the feedback) in a grading worksheet of Moodle."""
    missing = [name for name in ("Identifier", "Grade", "Last modified (grade)") if name not in sheet.header]
    if missing:
        raise ExportError(
            f"{sheet.path} is no grading worksheet of Moodle in English: it lacks {', '.join(missing)}; "
            "switch Moodle to English, then choose Download grading worksheet in the assignment"
        )
    comments = "Feedback comments"
    return sheet.header.index("Grade"), sheet.header.index(comments) if comments in sheet.header else None


def fill_moodle(results: list[Result], source: Path, target: Path) -> list[str]:
    """Write a worksheet of Moodle with grades and feedback filled in; returns whom it leaves out."""
    sheet = read_sheet(source)
    grade, comments = moodle_columns(sheet)
    placed, notes = match(sheet, results, range(1, len(sheet.rows)), MOODLE_PEOPLE)
    header = [name.casefold() for name in sheet.header]
    new: dict[tuple[int, int], str] = {}
    maximum = ""
    for row, result in placed.items():
        if result.status == "infra_error":
            continue
        locked = header.index("grade can be changed") if "grade can be changed" in header else None
        if locked is not None and sheet.at(row, locked).strip().casefold() == "no":
            notes.append(f"{wire.clean(sheet.at(row, 0))}: Moodle does not let the grade be changed")
            continue
        maximum = sheet.at(row, header.index("maximum grade")) if "maximum grade" in header else ""
        new[row, grade] = scaled(result, maximum)
        if comments is not None:
            new[row, comments] = feedback(result)
    if comments is None:
        notes.append(f"{source.name} has no column Feedback comments: only grades were filled in")
    report.write(target, filled(sheet, new))
    return notes + _scale_note(results, maximum, source)


def _scale_note(results: list[Result], maximum: str, source: Path) -> list[str]:
    most = results[0].max_points if results else 0.0
    whole = results[0].model_copy(update={"points": most}) if results else None
    if whole is None or not maximum.strip() or scaled(whole, maximum) == number(most):
        return []
    reached = scaled(whole, maximum)
    return [f"{source.name} counts to {reached}, the room to {number(most)}: grades were scaled"]


def feedback(result: Result) -> str:
    """What Moodle shows beside the grade; it is HTML there, so what a learner wrote is escaped."""
    lines = [f"{number(result.points)} of {number(result.max_points)} points"]
    lines += [result.message] if result.message else []
    for task in result.tasks:
        if task.status != "passed":
            state = f"{task.name}: {number(task.points)} of {number(task.max_points)}"
            lines.append(f"{state}. {task.message}".strip())
            lesson = where(task.lesson).strip()
            lines += [lesson] if lesson and lesson not in task.message else []
    return text_cell("<br>".join(html.escape(wire.clean(line)).replace("\n", "<br>") for line in lines))
