"""`python -m interview`: quiz, mock, plan, search, show, export; all by keyboard, without a network."""

import sys
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from interview import bank, export, items, mock, search
from interview.asking import Asking, place_of, run_quiz
from interview.progress import DEFAULT, Progress, ProgressError, Session
from interview.schema import Kind, Question
from interview.terminal import Leave, Terminal

app = typer.Typer(
    no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False, help="Prepare an interview."
)


class Language(StrEnum):
    en = "en"
    zh = "zh"


class Level(StrEnum):
    junior = "junior"
    mid = "mid"
    senior = "senior"
    staff = "staff"


KINDS: tuple[str, ...] = Kind.__args__  # type: ignore[attr-defined]
File = Annotated[Path, typer.Option("--progress", help="The file that remembers your answers.")]
Spoken = Annotated[Language, typer.Option("--language", help="Of questions and short answers.")]
Topics = Annotated[list[str] | None, typer.Option("--topic", help="Only this topic; may be repeated.")]
Seed = Annotated[int | None, typer.Option(help="Draw the same questions again.")]


def stop(line: str) -> typer.Exit:
    """End with one line and exit code 2."""
    typer.echo(line, err=True)
    return typer.Exit(2)


def wish(topics: list[str] | None, level: Level | None, kind: str | None) -> items.Wish:
    known = {items.about(item)[0] for item in items.every()}
    for topic in topics or []:
        if topic not in known:
            raise stop(f"no topic {topic!r}; there are: {', '.join(sorted(known))}")
    if kind is not None and kind not in KINDS:
        raise stop(f"no kind {kind!r}; there are: {', '.join(KINDS)}")
    return items.Wish(tuple(topics or ()), (level.value,) if level else (), (kind,) if kind else ())


def asking(session: Session, progress: Progress, language: str) -> Asking:
    folder = progress.path.parent / f"session-{session.id}"
    return Asking(session, progress, Terminal(), folder, language)


def seeded(seed: int | None) -> int:
    return seed if seed is not None else int(datetime.now(UTC).timestamp())


@app.command()
def quiz(
    topic: Topics = None,
    level: Annotated[Level | None, typer.Option(help="Only this level.")] = None,
    kind: Annotated[str | None, typer.Option(help=f"Only this kind: {', '.join(KINDS)}.")] = None,
    count: Annotated[int, typer.Option(min=1, max=200, help="How many questions.")] = 10,
    due: Annotated[bool, typer.Option("--due", help="Only what is due today.")] = False,
    new: Annotated[bool, typer.Option("--new", help="Begin anew; an unfinished quiz is left.")] = False,
    language: Spoken = Language.en,
    seed: Seed = None,
    progress: File = DEFAULT,
) -> None:
    """Questions with answers. What is due comes first; an unfinished quiz goes on where it stopped."""
    store = Progress(progress)
    session = store.take_up("quiz")
    if session is not None and new:
        store.end(session)
        session = None
    if session is None:
        wanted, times = wish(topic, level, kind), store.due()
        today = datetime.now(UTC)
        among = [item for item in items.every() if times.get(item, today) < today] if due else None
        chosen = items.choose(wanted, count, due=times, seed=seeded(seed), among=among)
        if not chosen:
            raise stop("nothing is due today" if due else "no question is like that; ask for less")
        session = store.begin("quiz", {"language": language.value}, chosen)
    else:
        typer.echo(f"An unfinished quiz of {len(session.items)} goes on; --new begins another.")
    run_quiz(asking(session, store, language.value))


@app.command(name="mock")
def mock_interview(
    minutes: Annotated[float, typer.Option(min=5, max=240, help="How long.")] = 45,
    level: Annotated[Level, typer.Option(help="For which position.")] = Level.senior,
    new: Annotated[bool, typer.Option("--new", help="Begin anew; an unfinished interview is left.")] = False,
    language: Spoken = Language.en,
    seed: Seed = None,
    progress: File = DEFAULT,
) -> None:
    """An interview against the clock: concepts, arithmetic, code that is judged, design; then a report."""
    store = Progress(progress)
    session = store.take_up("mock")
    if session is not None and new:
        store.end(session)
        session = None
    if session is None:
        try:
            plan = mock.compose(minutes, level.value, due=store.due(), seed=seeded(seed))
        except mock.MockError as error:
            raise stop(str(error)) from None
        settings: dict[str, Any] = {
            "minutes": minutes,
            "level": level.value,
            "minutes_each": [m for _, m in plan],
        }
        session = store.begin("mock", settings, [item for item, _ in plan])
    else:
        typer.echo("An unfinished interview goes on, its clock where it stopped; --new begins another.")
    mock.run(asking(session, store, language.value), store.path.parent / f"mock-{session.id}.md")


@app.command()
def plan(
    days: Annotated[int, typer.Option(min=1, max=365, help="How far to look ahead.")] = 14,
    progress: File = DEFAULT,
) -> None:
    """Weak topics first, and how many questions come due on which day."""
    store, terminal = Progress(progress), Terminal()
    answers = [answer for answer in store.answers() if answer.most]
    if not answers:
        terminal.show("Nothing answered yet: `python -m interview quiz` begins.")
        return
    ranked = items.weakest((answer.topic, answer.share, 1.0) for answer in answers)
    links = items.lessons([topic for topic, _, _ in ranked])
    terminal.heading("Topics, the weakest first")
    for topic, points, most in ranked:
        where = f"  {place_of(links[topic])}" if topic in links else ""
        terminal.show(f"{points / most:4.0%} of {most:g} answers  {topic.replace('_', ' ')}{where}")
    today = datetime.now(UTC)
    ahead = [max(0, (when.astimezone(UTC).date() - today.date()).days) for when in store.due().values()]
    terminal.heading("Due")
    for day in sorted(set(ahead)):
        if day <= days:
            name = "today" if day == 0 else f"in {day} day{'s' if day > 1 else ''}"
            terminal.show(f"{name:>10}  {ahead.count(day)}")
    later = sum(day > days for day in ahead)
    terminal.show(f"{'later':>10}  {later}" if later else "")
    terminal.show("`python -m interview quiz --due` asks what is due today.")


@app.command(name="search")
def find(words: Annotated[list[str], typer.Argument(help="English or Chinese.")]) -> None:
    """Questions that hold all the words."""
    found = search.search(" ".join(words))
    if not found:
        raise stop(f"no question holds {' '.join(words)!r}")
    terminal = Terminal()
    for question in found:
        terminal.show(f"{question.id}  ({question.topic.replace('_', ' ')}, {question.level})", style="bold")
        terminal.show(question.question.en, indent=2)


@app.command()
def show(
    name: Annotated[str, typer.Argument(metavar="ID", help="As `search` prints it.")],
    language: Spoken = Language.en,
) -> None:
    """One question with all its answers."""
    question = items.by_id().get(name)
    if question is None:
        raise stop(f"no question {name!r}; `python -m interview search WORDS` finds one")
    print_whole(question, Terminal(), language.value)


def print_whole(question: Question, terminal: Terminal, language: str) -> None:
    def pick(text: Any) -> str:
        return str(getattr(text, language))

    terminal.heading(f"{question.topic.replace('_', ' ')} · {question.level} · {question.kind}")
    terminal.show(pick(question.question), style="bold")
    terminal.show(f"\n{pick(question.short)}\n\n{question.long}")
    for follow in question.follow_ups:
        terminal.show(f"\n{follow.question}", style="bold")
        terminal.show(follow.answer)
    terminal.show(f"\nCommon, and wrong: {question.wrong.answer}", style="bold")
    terminal.show(f"{question.wrong.why}\n")
    for point in question.rubric:
        terminal.show(f"{point.points} · {pick(point)}", indent=2)
    for source in question.sources:
        terminal.show(bank.cite(source), style="dim")
    if question.lesson:
        terminal.show(f"Lesson: {place_of(question.lesson)}", style="dim")


@app.command(name="export")
def export_bank(
    anki: Annotated[Path | None, typer.Option(help="A deck for Anki, *.apkg.")] = None,
    csv: Annotated[Path | None, typer.Option(help="A table.")] = None,
    html: Annotated[Path | None, typer.Option(help="A page without scripts.")] = None,
) -> None:
    """The whole bank as files."""
    wanted = [(anki, export.anki), (csv, export.table), (html, export.page)]
    if not any(path for path, _ in wanted):
        raise stop("say what to write: --anki FILE, --csv FILE or --html FILE")
    for path, make in wanted:
        if path is not None:
            make(path)
            typer.echo(f"wrote {path}: {len(bank.questions())} questions")


def main() -> None:
    try:
        app()
    except Leave:
        typer.echo("\nKept. The same command goes on from here.")
    except (ProgressError, bank.BankError) as error:
        typer.echo(str(error), err=True)
        sys.exit(2)


if __name__ == "__main__":
    main()
