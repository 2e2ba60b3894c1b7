"""One item after the other: ask, keep what is typed, show the answer, score."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from interview import bank, drill, items, napkin
from interview.progress import Answer, Progress, Session
from interview.schema import Both, Question
from interview.terminal import Terminal, clock

HINT = "an empty line ends the answer; Ctrl-C leaves, and nothing is lost"
ANSWERED = {"y": 1.0, "h": 0.5, "n": 0.0}
MARKS: dict[str, float] = {"right": 1.0, "near": 0.5, "wrong": 0.0}  # near: a slip that has a name


@dataclass
class Asking:
    """A session on a terminal."""

    session: Session
    progress: Progress
    terminal: Terminal
    folder: Path  # of the files that coding tasks are written into
    language: str = "en"
    left: Callable[[], float] | None = None  # seconds of the whole interview that remain
    clock: Callable[[], float] = time.monotonic
    answers: dict[int, Answer] = field(default_factory=dict)

    def refresh(self) -> dict[int, Answer]:
        self.answers = {answer.place: answer for answer in self.progress.answers(self.session)}
        return self.answers

    def pick(self, text: Both) -> str:
        return text.zh if self.language == "zh" else text.en

    def ask(self, place: int, *, minutes: float | None = None) -> None:
        """Ask the item at `place` and keep the answer; arithmetic and code are scored at once."""
        item = self.session.items[place]
        found = items.look_up(item)
        topic, level, kind = items.about(item)
        number = f"{place + 1} of {len(self.session.items)}"
        budget = f" · {minutes:g} minutes" if minutes else ""
        self.terminal.heading(f"{number} · {topic.replace('_', ' ')} · {level} · {kind}{budget}")
        before = self.refresh().get(place)
        draft, spent = (before.typed, before.seconds) if before else ("", 0.0)
        began, text = self.clock(), found.question if isinstance(found, Question) else found.text
        self.terminal.show(self.pick(text))
        ends = self.ends(minutes, spent)

        def keep(typed: str) -> None:
            seconds = spent + self.clock() - began
            self.progress.keep(self.session, place, typed, topic=topic, seconds=seconds)

        keep(draft)
        if isinstance(found, Question) and found.drill:
            self.code(place, found, keep, ends)
            return
        hint, single = HINT, False
        if not isinstance(found, Question):
            hint, single = f"a number; without a unit it is taken in {found.unit}", True
        while True:
            typed = self.terminal.write(draft, keep, ends=ends, hint=hint, single=single)
            keep(typed)
            if isinstance(found, Question):
                self.progress.answered(self.session, place)
                return
            try:
                said = napkin.judge(found, typed)
            except napkin.Unreadable as error:
                if typed and (ends is None or self.clock() < ends):
                    self.terminal.show(self.pick(error.text), style="red")
                    continue
                said = napkin.Verdict("wrong", 0.0)
            self.number(place, found, said)
            return

    def ends(self, minutes: float | None, spent: float) -> float | None:
        """The moment at which the time for an answer is up."""
        limits = [] if minutes is None else [60 * minutes - spent]
        if self.left is not None:
            limits.append(self.left())
        return self.clock() + max(0.0, min(limits)) if limits else None

    def number(self, place: int, problem: napkin.Problem, said: napkin.Verdict) -> None:
        """Score what was typed for a problem, name a slip, and show how it is computed."""
        self.progress.score(self.session, place, MARKS[said.mark], 1.0)
        note = f": {self.pick(said.note)}" if said.note else ""
        self.terminal.show(f"{said.mark}{note}", style="green" if said.mark == "right" else "red")
        for step in problem.steps:
            self.terminal.show(step, indent=2)

    def code(self, place: int, question: Question, keep: Callable[[str], None], ends: float | None) -> None:
        """Let the candidate write a file, judge it as often as he likes, and keep the last verdict."""
        assert question.drill is not None
        path = drill.start(question.drill, self.folder)
        self.terminal.show(f"Write your answer into {path}", style="bold")
        said: drill.Verdict | None = None
        while ends is None or self.clock() < ends:
            left = "" if ends is None else f"{clock(ends - self.clock())} left. "
            key = self.terminal.key(f"{left}e: editor, j: judge, f: finish", ["e", "j", "f"])
            keep(path.read_text(encoding="utf-8") if path.exists() else "")
            if key == "e" and not drill.edit(path):
                self.terminal.show("Set EDITOR, or open the file yourself.")
            if key == "e":
                continue
            try:
                said = drill.judge(question.drill, path)
            except drill.DrillError as error:
                self.terminal.show(str(error), style="red")
                if key == "f":
                    break
                continue
            self.verdict(said)
            if key == "f" or said.points == said.most:
                break
        if said is not None:
            self.progress.score(self.session, place, said.points, said.most)
        else:
            self.progress.score(self.session, place, 0.0, 1.0)
        for follow in question.follow_ups:
            self.terminal.show(f"Follow-up: {follow.question}", style="bold")
            self.terminal.show(follow.answer, indent=2)

    def verdict(self, said: drill.Verdict) -> None:
        self.terminal.show(f"{said.points:g} of {said.most:g} points, {said.status}", style="bold")
        for line in said.lines:
            self.terminal.show(line, indent=2, style="" if line.startswith("passed") else "red")

    def review(self, place: int) -> None:
        """Show the answer to a question of the bank and let the candidate score it against its rubric."""
        question = items.look_up(self.session.items[place])
        assert isinstance(question, Question)
        answer = self.refresh()[place]
        if answer.points is not None:
            return
        self.terminal.heading(f"{place + 1} of {len(self.session.items)} · the answer")
        if self.left is not None:
            self.terminal.show(self.pick(question.question))
            self.terminal.show(f"You said: {answer.typed or 'nothing'}", style="dim")
        self.terminal.show(self.pick(question.short))
        self.terminal.show("Does your answer hold each of these? y: yes, h: half, n: no", style="bold")
        points = 0.0
        for point in question.rubric:
            key = self.terminal.key(f"  {point.points} · {self.pick(point)}", ["y", "h", "n"])
            points += ANSWERED[key] * point.points
        self.progress.score(self.session, place, points, float(question.points))
        self.terminal.show(f"{points:g} of {question.points} points")
        self.more(question)

    def more(self, question: Question) -> None:
        """The long answer, the follow-ups, the common wrong answer: each on its key."""
        while True:
            key = self.terminal.key(
                "l: long answer, f: follow-ups, w: common wrong answer, n: next", list("lfwn")
            )
            if key == "l":
                self.terminal.show(question.long, indent=2)
                for source in question.sources:
                    self.terminal.show(bank.cite(source), style="dim", indent=2)
            elif key == "f":
                for follow in question.follow_ups:
                    self.terminal.show(follow.question, style="bold", indent=2)
                    self.terminal.show(follow.answer, indent=2)
            elif key == "w":
                self.terminal.show(question.wrong.answer, style="bold", indent=2)
                self.terminal.show(question.wrong.why, indent=2)
            else:
                if question.lesson:
                    self.terminal.show(f"Lesson: {place_of(question.lesson)}", style="dim")
                return


def place_of(lesson: str) -> str:
    """'3 By hand, in lessons/02_pruning.ipynb' of 'pruning#3 By hand'."""
    topic, _, heading = lesson.partition("#")
    found = sorted((drill.ROOT / "lessons").glob(f"*_{topic}.ipynb"))
    return f'"{heading}" in lessons/{found[0].name}' if found else f'"{heading}" of {topic}'


def run_quiz(asking: Asking) -> None:
    """Every item of the session that is not scored yet, each followed by its answer."""
    for place, item in enumerate(asking.session.items):
        answer = asking.refresh().get(place)
        if not items.exists(item) or (answer and answer.points is not None):
            continue
        if answer is None or not answer.answered:
            asking.ask(place)
        if asking.refresh()[place].points is None:
            asking.review(place)
    asking.progress.end(asking.session)
    scored = [answer for answer in asking.refresh().values() if answer.most]
    total = sum(answer.share for answer in scored)
    asking.terminal.heading(f"Done: {total:.1f} of {len(scored)} answers")
