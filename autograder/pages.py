"""The page a learner reads: one file, no script, no outside request, everything a learner wrote escaped.

A content security policy in the page itself forbids what escaping should already have prevented.
"""

import base64
import functools
import hashlib
import html
from collections.abc import Iterable
from pathlib import Path
from urllib.parse import quote

from autograder import wire
from autograder.diagnosis import where
from autograder.report import CheckResult, Result, TaskResult, number

WORDS = {
    "passed": "Passed", "partial": "Partly right", "failed": "Not right yet", "missing": "Not found",
    "not_attempted": "Not written yet", "error": "Raised an error", "timeout": "Took too long",
    "crashed": "Ended its process", "out_of_memory": "Out of memory", "bad_return": "Wrong kind of result",
    "not_run": "Not run", "infra_error": "Not judged",
}  # fmt: skip
TONES = {"passed": "good", "partial": "part", "missing": "mute", "not_attempted": "mute", "not_run": "mute"}
ICONS = {
    "good": '<path d="M4.5 8.4l2.4 2.4 4.6-5.2"/>', "part": '<path d="M8 3.5a4.5 4.5 0 0 1 0 9z" class="f"/>',
    "bad": '<path d="M5.4 5.4l5.2 5.2M10.6 5.4l-5.2 5.2"/>', "mute": '<path d="M5 8h6"/>',
}  # fmt: skip
FIRST = 3  # tasks named at the top

STYLES = Path(__file__).resolve().parent / "styles"


@functools.cache
def style_sheet(*names: str) -> str:
    """Style sheets of ours as one text."""
    return "".join((STYLES / f"{name}.css").read_text(encoding="utf-8") for name in names)


def document(title: str, body: str, *styles: str) -> str:
    """A whole page; the policy allows its own style sheet, by its digest, and nothing else."""
    style = style_sheet("page", *styles)
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    policy = f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
    return (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<meta name="referrer" content="no-referrer">\n<meta name="robots" content="noindex">\n'
        f"<title>{e(title)}</title>\n<style>{style}</style>\n</head>\n<body>\n{body}\n</body>\n</html>\n"
    )


def e(text: str) -> str:
    """Text as HTML, without what a browser would obey."""
    return html.escape(wire.clean(text))


def title(result: Result) -> str:
    """The learner's name, or the file's."""
    return wire.clean(result.learner or result.submission)


def topic(room: str) -> str:
    """02_weight_sharing as people write it: Weight sharing."""
    return (room.partition("_")[2] or room).replace("_", " ").capitalize()


def tone(status: str) -> str:
    return TONES.get(status, "bad")


def chip(status: str) -> str:
    """A status in words, with a sign beside the colour."""
    kind = tone(status)
    icon = f'<svg viewBox="0 0 16 16" aria-hidden="true">{ICONS[kind]}</svg>'
    return f'<span class="chip {kind}">{icon}{WORDS.get(status, status)}</span>'


def metric(name: str, value: float) -> str:
    """A measured value as people read it."""
    if "accuracy" in name:
        return f"{100 * value:.2f} %"
    if "ratio" in name:
        return f"{value:.1f} times"
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.4g}"


def shown_metrics(result: Result) -> dict[str, float]:
    """What is worth showing; `board` repeats another one."""
    return {name: value for name, value in result.metrics.items() if name != "board"}


def page(result: Result, *, lessons: str = "") -> str:
    """One learner's page. `lessons` is an address: links lead to it + "/lessons/...ipynb#heading"."""
    head = [f'<p class="over">{e(topic(result.room))}</p>', f"<h1>{e(title(result))}</h1>"]
    tasks: list[str] = []
    if result.status == "infra_error":
        told = "This work was not judged. The fault is the judge's, not yours, and nothing was marked down."
        head.append(f'<p class="note">{told} Your instructor knows what happened.</p>')
    elif result.status == "unreadable":
        told = "What was handed in could not be read, so nothing could be judged."
        head.append(f'<p class="note">{told}<br>{e(result.message)}</p>')
    else:
        head += [score(result), first_tasks(result)]
        tasks = ["<h2>Tasks</h2>", *(task_card(task, lessons) for task in result.tasks)]
    if shown_metrics(result):
        tiles = {name.replace("_", " "): metric(name, value) for name, value in shown_metrics(result).items()}
        head.append(f"<h2>Measured on your work</h2>{tile_row(tiles)}")
    how = f", judged in the sandbox level {e(result.sandbox)}. " if tasks else "."
    how += "The inputs behind the points are not those of the notebook." if tasks else ""
    named = f"<br>File: {e(result.submission)}" if result.learner else ""
    foot = f"<footer>{e(result.room)}{how}{named}</footer>"
    parts = [part for part in (*head, *tasks, foot) if part]
    return document(f"{title(result)}: {topic(result.room)}", "\n".join(parts))


def score(result: Result) -> str:
    """Points, and a bar in which every task is as wide as it weighs."""
    counts = {kind: sum(tone(task.status) == kind for task in result.tasks) for kind in ICONS}
    names = {"good": "passed", "part": "partly right", "bad": "not right yet", "mute": "not there"}
    key = "".join(
        f'<li><span class="dot {kind}-fill"></span>{count} {names[kind]}</li>'
        for kind, count in counts.items() if count
    )  # fmt: skip
    total = f"<b>{number(result.points)}</b><span>of {number(result.max_points)} points</span>"
    return f'<p class="score">{total}</p><div class="bar">{task_bar(result)}</div><ul class="key">{key}</ul>'


def task_bar(result: Result) -> str:
    """The tasks side by side, each filled as far as its points go."""
    at, boxes = 0.0, []
    for task in result.tasks:
        width = 1000 * task.max_points / (result.max_points or 1.0)
        share = task.points / task.max_points if task.max_points else 0.0
        kind = tone(task.status)
        for part, wide in (("rest", width - 3), ("fill", min(width * share, width - 3))):
            boxes.append(f'<rect x="{at:.1f}" width="{wide:.1f}" height="10" class="{kind}-{part}"/>')
        at += width
    label = f"{number(result.points)} of {number(result.max_points)} points"
    head = f'<svg viewBox="0 0 1000 10" preserveAspectRatio="none" role="img" aria-label="{label}">'
    return head + "".join(boxes) + "</svg>"


def first_tasks(result: Result) -> str:
    """The tasks with the most points to gain, those with something handed in before those without."""
    missing = [task for task in result.tasks if task.status != "passed"]
    if not missing:
        return '<div class="first"><p>Everything asked for is there and right.</p></div>'
    gains = sorted(missing, key=lambda task: (tone(task.status) == "mute", task.points - task.max_points))
    items = "".join(
        f'<li><a href="#{anchor(task)}"><code>{e(task.name)}</code></a> '
        f"<span>{number(task.max_points - task.points)} points to gain</span></li>"
        for task in gains[:FIRST]
    )
    return f'<div class="first"><h3>Look at these first</h3><ol>{items}</ol></div>'


def anchor(task: TaskResult) -> str:
    return "task-" + "".join(sign if sign.isalnum() else "-" for sign in task.name)


def tile_row(tiles: dict[str, str]) -> str:
    cells = "".join(f"<div><dt>{e(name)}</dt><dd>{e(value)}</dd></div>" for name, value in tiles.items())
    return f'<dl class="tiles">{cells}</dl>'


def task_card(task: TaskResult, lessons: str) -> str:
    """One task; a passed one is folded."""
    points = f'<span class="of">{number(task.points)} of {number(task.max_points)}</span>'
    name = f"<h3><code>{e(task.name)}</code></h3>"
    passed = [check for check in task.checks if check.passed]
    head = f'<div class="head">{name}{chip(task.status)}{points}</div>'
    if task.status == "passed":
        fold = f"<summary>{head}</summary>{passes(passed)}"
        return f'<details class="task" id="{anchor(task)}">{fold}</details>'
    groups = grouped(check for check in task.checks if not check.passed)
    body = [head, known_mistake(task), *(finding(group) for group in groups), lesson(task, lessons)]
    if passed:
        count = f"{len(passed)} of {len(task.checks)} checks passed"
        body.append(f"<details><summary>{count}</summary>{passes(passed)}</details>")
    return f'<section class="task" id="{anchor(task)}">{"".join(body)}</section>'


def passes(checks: list[CheckResult]) -> str:
    lines = "".join(f"<li>{e(check.name)} ({number(check.points)})</li>" for check in checks)
    return f'<ul class="passes">{lines}</ul>'


def grouped(checks: Iterable[CheckResult]) -> list[list[CheckResult]]:
    """Checks that say the same, together: after a crash all of them do."""
    groups: dict[tuple[str, str], list[CheckResult]] = {}
    for check in checks:
        groups.setdefault((check.status, check.message or check.name), []).append(check)
    return list(groups.values())


def finding(group: list[CheckResult]) -> str:
    """What was expected and what came, the hint, and which checks say so."""
    first = group[0]
    said = first.message or WORDS.get(first.status, first.status)
    points = [f"({number(check.points)} of {number(check.max_points)})" for check in group]
    names = "; ".join(f"{check.name} {of}" for check, of in zip(group, points, strict=True))
    hints = "".join(
        f'<p class="hint"><b>Hint:</b> {e(hint)}</p>' for hint in dict.fromkeys(c.hint for c in group) if hint
    )
    quiet = " quiet" if tone(first.status) == "mute" else ""
    what = f'<p class="names">{e(names)}</p><p class="what">{e(said)}</p>'
    return f'<div class="found{quiet}">{what}{hints}</div>'


def known_mistake(task: TaskResult) -> str:
    """The diagnosis stands in the task's message, behind that of its first failed check."""
    first = next((check.message for check in task.checks if not check.passed), "")
    said = task.message.removeprefix(first).removesuffix(where(task.lesson)).strip() if task.mistake else ""
    return f'<p class="mistake">{e(said)}</p>' if said else ""


def lesson(task: TaskResult, lessons: str) -> str:
    """A link to where the lesson explains it, or its name when nobody said where the lessons are."""
    path, _, heading = task.lesson.partition("#")
    if not path:
        return ""
    name = e(heading.replace("-", " ") or path)
    if lessons:
        target = f"{lessons.rstrip('/')}/{quote(path)}" + (f"#{quote(heading)}" if heading else "")
        return f'<p class="lesson">In the lesson: <a href="{e(target)}">{name}</a></p>'
    section = f": {name}" if heading else ""
    return f'<p class="lesson">In the lesson <code>{e(path)}</code>{section}</p>'
