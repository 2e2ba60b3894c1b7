"""A mock interview: concepts, arithmetic, code and one design question against the clock, then a report."""

import random
import time
from datetime import datetime
from pathlib import Path

from interview import items
from interview.asking import Asking, place_of
from interview.progress import Answer
from interview.schema import Question

# Kinds of a round, the share of the time it gets, and the minutes one item takes at most.
ROUNDS: tuple[tuple[tuple[str, ...], float, float], ...] = (
    (("concept", "trade-off", "derivation", "debugging"), 0.35, 5.0),
    (("napkin arithmetic",), 0.15, 3.0),
    (("code",), 0.3, 15.0),
    (("system design",), 0.2, 12.0),
)
STRONG, WEAK = 0.8, 0.6  # shares of the points


class MockError(ValueError):
    """An interview like this cannot be put together."""


def compose(minutes: float, level: str, *, due: dict[str, datetime], seed: int) -> list[tuple[str, float]]:
    """(item, minutes) of an interview: each kind gets its share of the time, at least one item each.

    Questions are of the level and the one below it; topics of talk differ as far as possible.
    """
    position = items.LEVELS.index(level)
    levels = items.LEVELS[max(0, position - 1) : position + 1]
    draw, plan = random.Random(seed), list[tuple[str, float]]()
    topics: set[str] = set()
    for kinds, share, longest in ROUNDS:
        count = max(1, round(share * minutes / longest))
        wish = items.Wish(levels=levels, kinds=kinds)
        number = draw.randrange(1 << 30)
        found = items.choose(wish, 10_000, due=due, seed=number)
        if not found:  # few tasks of code are of level staff
            found = items.choose(items.Wish(kinds=kinds), 10_000, due=due, seed=number)
        if "napkin arithmetic" in kinds:
            found = [item for item in found if item.startswith("napkin/")]
        fresh = sorted(found, key=lambda item: items.about(item)[0] in topics)  # stable: urgency stays
        chosen: list[str] = []
        for item in fresh:
            topic = items.about(item)[0]
            if len(chosen) < count and topic not in {items.about(other)[0] for other in chosen}:
                chosen.append(item)
        chosen += [item for item in fresh if item not in chosen][: count - len(chosen)]
        if not chosen:
            raise MockError(f"the bank has no question of the kind {kinds[0]}")
        topics |= {items.about(item)[0] for item in chosen}
        plan += [(item, min(longest, share * minutes / len(chosen))) for item in chosen]
    return plan


def run(asking: Asking, report: Path) -> None:
    """The interview: all answers first, then the candidate scores himself, then the report is written."""
    minutes = [float(value) for value in asking.session.settings["minutes_each"]]
    spent = sum(answer.seconds for answer in asking.refresh().values())
    ends = time.monotonic() + 60 * sum(minutes) - spent
    asking.left = lambda: ends - time.monotonic()
    for place, limit in enumerate(minutes):
        answer = asking.refresh().get(place)
        if (answer is None or not answer.answered) and asking.left() > 0:
            asking.ask(place, minutes=limit)
    asking.terminal.heading("The interview is over. Now score what you said.")
    for place, item in enumerate(asking.session.items):
        if place in asking.refresh() and isinstance(items.look_up(item), Question):
            asking.review(place)
    text = written(asking)
    report.parent.mkdir(parents=True, exist_ok=True)
    temporary = report.with_name(report.name + ".part")
    temporary.write_text(text, encoding="utf-8")
    temporary.replace(report)
    asking.progress.end(asking.session)
    asking.terminal.show(text)
    asking.terminal.show(f"Written to {report}", style="bold")


def written(asking: Asking) -> str:
    """The report, in Markdown: strengths, weak topics, where to read, and every answer with its points."""
    answers = asking.refresh()
    settings, scores = asking.session.settings, list[tuple[str, float, float]]()
    rows = ["| asked | topic | kind | points | minutes |", "| --- | --- | --- | ---: | ---: |"]
    for place, item in enumerate(asking.session.items):
        topic, _, kind = items.about(item)
        answer = answers.get(place)
        points, most = worth(answer, item)
        scores.append((topic, points / most, 1.0))
        took = f"{answer.seconds / 60:.1f}" if answer else "not reached"
        name = topic.replace("_", " ")
        rows.append(f"| {place + 1} | {name} | {kind} | {points:g} of {most:g} | {took} |")
    ranked = items.weakest(scores)
    strong = [topic for topic, points, most in ranked if points >= STRONG * most]
    weak = [topic for topic, points, most in ranked if points < WEAK * most]
    total = sum(points for _, points, _ in scores)
    lines = [
        f"# Mock interview, {settings['level']}, {settings['minutes']:g} minutes",
        "",
        f"{total:.1f} of {len(scores)} answers, counting parts of answers.",
        "",
        f"Strengths: {named(strong)}.",
        f"Weak topics: {named(weak)}.",
        "",
        *rows,
        "",
    ]
    links = items.lessons(weak)
    lines += [f"- {topic.replace('_', ' ')}: read {place_of(lesson)}" for topic, lesson in links.items()]
    if any(topic not in links for topic in weak):
        lines.append("- `python -m interview plan` says when the questions of the other topics come up again")
    return "\n".join(lines) + "\n"


def worth(answer: Answer | None, item: str) -> tuple[float, float]:
    """Points and most points of an answer; what was not reached earned nothing."""
    if answer is not None and answer.most:
        return answer.points or 0.0, answer.most
    found = items.look_up(item)
    return 0.0, float(found.points) if isinstance(found, Question) else 1.0


def named(topics: list[str]) -> str:
    return ", ".join(topic.replace("_", " ") for topic in topics) or "none"
