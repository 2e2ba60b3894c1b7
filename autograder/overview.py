"""The class at a glance, for the instructor: one page of the same kind as a learner's."""

from collections import Counter, defaultdict
from collections.abc import Iterable
from pathlib import Path
from statistics import mean, median
from urllib.parse import quote

from autograder import pages
from autograder.diagnosis import sentence
from autograder.pages import e, title, tone
from autograder.report import Result, TaskResult, number

BINS = 10
MOST_ROWS = 12
ATTENTION = {
    "unreadable": "could not be read", "infra_error": "not judged, a fault of the judge",
    "crashed": "ended its process", "timeout": "took too long", "out_of_memory": "ran out of memory",
}  # fmt: skip
FATES = {"passed": "good", "partial": "part", "failed": "bad", "not attempted": "mute"}


def page(results: list[Result], links: list[str]) -> str:
    """The overview of a class; `links` are the names of the learners' pages, one a result."""
    graded = [result for result in results if result.status == "judged"]
    href = {id(result): quote(link) for result, link in zip(results, links, strict=True)}
    room = pages.topic(results[0].room) if results else "No work"
    body = [f'<p class="over">Class overview</p>\n<h1>{e(room)}</h1>', figures(results, graded)]
    if graded:
        body += [section("Points", "", histogram(graded))]
    body += [attention(results, href)]
    if any(result.tasks for result in graded):
        lead = "Hardest first: the class's mean share of a task's points, and how its answers fared."
        body += [section("Tasks", lead, tasks_by_difficulty(graded))]
        body += [mistakes(graded), failing_checks(graded)]
    body += [experiments(graded), section("Learners", "", learners(results, href))]
    body += ["<footer>These are the judge's points, without late days and marks given by hand.</footer>"]
    return pages.document(f"Class overview: {room}", "\n".join(part for part in body if part), "overview")


def section(heading: str, lead: str, inner: str) -> str:
    said = f'<p class="lead">{lead}</p>' if lead else ""
    return f'<h2>{heading}</h2>{said}<div class="panel">{inner}</div>'


def share(result: Result | TaskResult) -> float:
    return result.points / result.max_points if result.max_points else 0.0


def link(result: Result, href: dict[int, str]) -> str:
    return f'<a href="{href[id(result)]}">{e(title(result))}</a>'


def people(count: int) -> str:
    return f"{count} learner" + ("" if count == 1 else "s")


def figures(results: list[Result], graded: list[Result]) -> str:
    tiles = {"handed in": str(len(results))}
    if graded:
        most = number(max(result.max_points for result in graded))
        tiles["median"] = f"{number(median(result.points for result in graded))} of {most}"
        tiles["mean"] = f"{100 * mean(share(result) for result in graded):.0f} %"
        tiles["everything right"] = str(sum(share(result) == 1.0 for result in graded))
    tiles["need a look"] = str(sum(bool(troubles(result)) for result in results))
    return pages.tile_row(tiles)


def histogram(graded: list[Result]) -> str:
    """How many learners reached which tenth of the points; drawn in pixels, so its text does not shrink."""
    counts = Counter(min(int(share(result) * BINS), BINS - 1) for result in graded)
    most, height, marks = max(counts.values()), 150, []
    for at, count in sorted(counts.items()):
        tall = round(height * count / most)
        top, left = 20 + height - tall, 100 * at / BINS
        marks.append(f'<rect x="{left + 0.6:g}%" y="{top}" width="8.8%" height="{tall}" class="bin"/>')
        middle = f'x="{left + 50 / BINS:g}%" y="{top - 6}" text-anchor="middle"'
        marks.append(f'<text {middle} class="count">{count}</text>')
    marks.append(f'<line x1="0" x2="100%" y1="{height + 20.5}" y2="{height + 20.5}" class="base"/>')
    for at in range(0, 101, 20):
        side = {0: "start", 100: "end"}.get(at, "middle")
        marks.append(f'<text x="{at}%" y="{height + 38}" text-anchor="{side}">{at}</text>')
    marks.append(f'<text x="50%" y="{height + 60}" text-anchor="middle">share of the points, %</text>')
    reached = [f"{100 * at // BINS} % and more: {people(count)}" for at, count in sorted(counts.items())]
    head = f'<svg class="chart" height="{height + 66}" role="img" aria-label="{", ".join(reached)}">'
    return head + "".join(marks) + "</svg>"


def troubles(result: Result) -> list[tuple[str, str]]:
    """(what happened, where or why) of a submission that a person should look at."""
    if result.status != "judged":
        return [(ATTENTION[result.status], result.message)]
    found = []
    for status in ("crashed", "timeout", "out_of_memory"):
        hit = [task.name for task in result.tasks if status in {check.status for check in task.checks}]
        found += [(ATTENTION[status], ", ".join(hit))] if hit else []
    return found


def attention(results: list[Result], href: dict[int, str]) -> str:
    """One line a learner, the gravest first."""
    order = list(ATTENTION.values())
    found = [(result, troubles(result)) for result in results if troubles(result)]
    if not found:
        return ""
    found.sort(key=lambda one: min(order.index(what) for what, _ in one[1]))
    items = []
    for result, what in found:
        said = "; ".join(f"{happened}: {why}" for happened, why in what)
        items.append(f"<li><span>{link(result, href)}</span><span>{e(said)}</span></li>")
    lead = "A person should look at these. What was not judged has no grade: that is no zero."
    return section("Need a look", lead, folded(items, "look"))


def folded(items: list[str], kind: str) -> str:
    """A list; of a long one the rest is folded away."""
    first, rest = items[:MOST_ROWS], items[MOST_ROWS:]
    more = f'<summary>{len(rest)} more</summary><ul class="{kind}">{"".join(rest)}</ul>'
    return f'<ul class="{kind}">{"".join(first)}</ul>' + (f"<details>{more}</details>" if rest else "")


def by_task(graded: list[Result]) -> dict[str, list[TaskResult]]:
    found: dict[str, list[TaskResult]] = {}
    for result in graded:
        for task in result.tasks:
            found.setdefault(task.name, []).append(task)
    return found


def fate(task: TaskResult) -> str:
    if tone(task.status) == "mute":
        return "not attempted"
    return task.status if task.status in ("passed", "partial") else "failed"


def tasks_by_difficulty(graded: list[Result]) -> str:
    rows = []
    judged = by_task(graded)
    for name in sorted(judged, key=lambda name: mean(share(task) for task in judged[name])):
        tasks = judged[name]
        bar, said = fates(tasks)
        average = mean(share(task) for task in tasks)
        rows.append(
            f'<div class="row"><code>{e(name)}</code>{bar}<span class="share">{100 * average:.0f} %</span>'
            f"<small>{said}</small></div>"
        )
    return f'<div class="rows">{"".join(rows)}</div>'


def fates(tasks: list[TaskResult]) -> tuple[str, str]:
    """How tasks fared, as a bar and in words."""
    counts = Counter(fate(task) for task in tasks)
    said = ", ".join(f"{counts[kind]} {kind}" for kind in FATES if counts[kind])
    return stacked([(counts[kind], f"{kind_tone}-fill") for kind, kind_tone in FATES.items()], said), said


def stacked(parts: Iterable[tuple[float, str]], label: str) -> str:
    """Parts of a whole side by side."""
    parts = list(parts)
    whole, at, boxes = sum(size for size, _ in parts) or 1.0, 0.0, []
    for size, kind in parts:
        wide = 1000 * size / whole
        boxes.append(f'<rect x="{at:.1f}" width="{wide:.1f}" height="10" class="{kind}"/>' if size else "")
        at += wide
    box = 'class="thin" viewBox="0 0 1000 10" preserveAspectRatio="none"'
    return f'<svg {box} role="img" aria-label="{e(label)}">{"".join(boxes)}</svg>'


def mistakes(graded: list[Result]) -> str:
    """Known mistakes by how many make them, in the words of the wrong answer that they equal."""
    made: dict[tuple[str, str, str], list[str]] = defaultdict(list)
    for result in graded:
        for task in result.tasks:
            if task.mistake:
                made[result.room, task.name, task.mistake].append(title(result))
    if not made:
        return ""
    items = []
    for (room, name, mistake), names in sorted(made.items(), key=lambda item: (-len(item[1]), item[0])):
        said = f"<b>{people(len(names))}</b>: <code>{e(name)}</code> {e(in_words(mistake, room))}"
        items.append(f"<li><details><summary>{said}</summary><p>{e(', '.join(names))}</p></details></li>")
    lead = "Answers whose results equal those of a known wrong answer, on inputs that no learner sees."
    return section("Most common mistakes", lead, folded(items, "said"))


def in_words(mistake: str, room: str) -> str:
    """What the known wrong answer does wrong: its own sentence, or its name where it is no longer there."""
    try:
        said = sentence(Path(mistake).name, room.partition("_")[2] or room)
    except (OSError, SyntaxError, ValueError):
        said = ""
    said = said or mistake.partition("__")[2].strip("_").replace("_", " ")
    return said if said[1:2].isupper() else said[:1].lower() + said[1:]  # the task is the sentence's subject


def failing_checks(graded: list[Result]) -> str:
    """The checks that most learners who wrote the task do not pass."""
    failed: Counter[tuple[str, str]] = Counter()
    tried: Counter[tuple[str, str]] = Counter()
    for result in graded:
        for task in result.tasks:
            for check in task.checks:
                tried[task.name, check.name] += tone(check.status) != "mute"
                failed[task.name, check.name] += not check.passed and tone(check.status) != "mute"
    order = sorted((key for key in failed if failed[key]), key=lambda key: (-failed[key], key))
    if not order:
        return ""
    items = [
        f'<li><span class="share">{failed[task, check]} of {tried[task, check]}</span>'
        f"<span><code>{e(task)}</code>: {e(check)}</span></li>"
        for task, check in order[:MOST_ROWS]
    ]
    lead = "Learners whose answer fails a check, of those who wrote the task."
    return section("Checks that fail most", lead, f'<ul class="checks">{"".join(items)}</ul>')


def experiments(graded: list[Result]) -> str:
    """What the judge measured on the learners' own networks: the best, the middle and the weakest."""
    names = dict.fromkeys(name for result in graded for name in pages.shown_metrics(result))
    if not names:
        return ""
    items = []
    for name in names:
        values = sorted(result.metrics[name] for result in graded if name in result.metrics)
        least, middle, most = (pages.metric(name, value) for value in (values[0], median(values), values[-1]))
        said = f"median {middle}, from {least} to {most}, {people(len(values))}"
        items.append(f"<li><span>{e(name.replace('_', ' '))}</span><span>{e(said)}</span></li>")
    lead = "Measured by the judge on what the learners' networks returned."
    return section("Experiments", lead, f'<ul class="look">{"".join(items)}</ul>')


def learners(results: list[Result], href: dict[int, str]) -> str:
    """Everyone by name, with a link to the page that they read."""
    names = list(dict.fromkeys(name for result in results for name in pages.shown_metrics(result)))[:2]
    lines = []
    for result in sorted(results, key=lambda one: (title(one).casefold(), one.submission)):
        points, bar = str(result.status).replace("infra_error", "not judged"), ""
        if result.status == "judged":
            points, bar = f"{number(result.points)} of {number(result.max_points)}", fates(result.tasks)[0]
        values = [(name, result.metrics.get(name)) for name in names]
        shown = ["" if value is None else pages.metric(name, value) for name, value in values]
        cells = "".join(f'<td class="n wide">{e(value)}</td>' for value in shown)
        bar = f'<td class="wide">{bar}</td>'
        lines.append(f'<tr><td>{link(result, href)}</td>{bar}<td class="n">{points}</td>{cells}</tr>')
    heads = [e(name.replace("_", " ")) for name in names]
    extra = "".join(f'<th class="n wide">{name}</th>' for name in heads)
    head = f'<tr><th>learner</th><th class="wide">tasks</th><th class="n">points</th>{extra}</tr>'
    return f"<table>{head}{''.join(lines)}</table>"
