"""Naming a mistake: a failing answer whose results equal those of known wrong answers on secret probes.

A known wrong answer (answers/TOPIC/mutants) departs from the reference on some of a task's probes. It
explains a learner's answer that departs there in the same way, and one or two mistakes that explain every
departure are the diagnosis. Where right answers may differ, because a twin departs too, the check's words
are compared instead of values. The probes' seed is one for a class, so that all this is computed once.
Nothing of a probe gets into a message, and no point depends on any of it.
"""

import ast
import contextlib
import functools
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from autograder.job import Answer, Job, Question, Source
from autograder.probes import (
    ALL_CPU_SECONDS,
    Ask,
    Probe,
    Recorder,
    Stop,
    complaint,
    outcomes,
    question_of,
    same,
)
from autograder.report import TaskResult
from autograder.rooms import ANSWERS, Room, answers
from autograder.task import Check, Outcome, Scenario

if TYPE_CHECKING:
    from autograder.grade import Session
    from autograder.workers import Workers

EXPLAINED = ("failed", "partial", "error", "bad_return")
MOST_MISTAKES = 2
KEPT_TASKS = 64
KEPT_ANSWERS = 256  # of a task

Departures = dict[int, Any]  # probe -> the outcome there, where it is not the reference's


@dataclass
class Known:
    """What there is to compare with in one task."""

    question: Question | None = None  # all probes; none where the table could not be made
    probes: list[Probe] = field(default_factory=list)
    expected: list[Any] = field(default_factory=list)  # the reference's outcome of each
    calls: dict[str, list[Any]] = field(default_factory=dict)  # check -> its outcomes of all calls
    free: set[str] = field(default_factory=set)  # checks that right answers pass with different outcomes
    mistakes: dict[str, Departures] = field(default_factory=dict)
    told: dict[bytes, list[str]] = field(default_factory=dict)  # answer -> what it was found to be


def explain(session: "Session", task: TaskResult, checks: list[Check]) -> TaskResult:
    """The task's result with the section of the lesson and, where it can be told, the mistake."""
    if task.status == "passed" or session.zygote.trusted:
        return task  # a trusted one is an answer of ours, in the self-check
    task.lesson = session.room.lessons.get(task.name, "")
    found = [] if session.exhausted or task.status not in EXPLAINED else diagnose(session, task.name, checks)
    if found:
        task.mistake = found[0]
        sentences = " ".join(sentence(stem, session.room.topic, session.room.answers) for stem in found)
        known = "a known mistake" if len(found) == 1 else "two known mistakes"
        said = f"Your results equal those of {known}: {sentences}{where(task.lesson)}"
        task.message = f"{task.message}\n{said}".lstrip()
    return task


def where(lesson: str) -> str:
    """' See "3 By hand" in lessons/02_pruning.ipynb.' from a path with a heading."""
    path, _, heading = lesson.partition("#")
    return f' See "{heading.replace("-", " ")}" in {path}.' if heading else ""


@functools.cache
def sentence(mistake: str, topic: str, folder: Path = ANSWERS) -> str:
    """What a known wrong answer does wrong, in one sentence: its docstring."""
    text = (folder / topic / "mutants" / f"{mistake}.py").read_text(encoding="utf-8")
    return " ".join((ast.get_docstring(ast.parse(text)) or "").split())


def diagnose(session: "Session", task: str, checks: list[Check]) -> list[str]:
    """The known mistakes that together explain the answer, the one that shows most first; often none."""
    workers, room = session.workers, session.room
    try:
        known = known_mistakes(workers, room, task, checks)
        if known.question is None:
            return []
        answer = session.open().exchange(known.question, ALL_CPU_SECONDS)
        digest = answer.digest
        if digest in known.told:
            return known.told[digest]
        found = explanation(known, departures(answer, known, workers, room))
        if len(known.told) >= KEPT_ANSWERS:
            known.told.clear()
        if digest:  # none: the answer is in a form of its own
            known.told[digest] = found
        return found
    except Exception:  # the task has been judged already: no fault in here may cost it
        session.close()
        return []


def explanation(known: Known, left: Departures) -> list[str]:
    """Mistakes that show in the answer wherever they show at all, and that leave nothing unexplained."""
    fitting = {
        name: shown
        for name, shown in sorted(known.mistakes.items())
        if shown and all(at in left and same(left[at], outcome) for at, outcome in shown.items())
    }
    found: list[str] = []
    while left and len(found) < MOST_MISTAKES:
        gains = {name: len(shown.keys() & left.keys()) for name, shown in fitting.items()}
        best = max(gains, key=gains.__getitem__, default="")
        if not gains.get(best):
            break
        found.append(best)
        left = {at: outcome for at, outcome in left.items() if at not in fitting[best]}
    return [] if left else found


# ---- what is known of a task ---------------------------------------------------------------------


def known_mistakes(workers: "Workers", room: Room, task: str, checks: list[Check]) -> Known:
    """The table of a task, made when its first wrong answer comes; empty where it cannot be made."""
    tables: dict[tuple[Room, str, int], Known] = workers.mistakes
    key = (room, task, workers.probe_seed)
    if key not in tables:
        while len(tables) >= KEPT_TASKS:
            del tables[next(iter(tables))]
        tables[key] = Known()
        known = recorded(workers, room, checks)
        if known.question is not None:
            compare(workers, room, known, task)
        if any(known.mistakes.values()):
            tables[key] = known
    return tables[key]


def asking(workers: "Workers", room: Room) -> Ask:
    def ask(scenario: Scenario, inputs: dict[str, Any], seed: int) -> Any:
        return workers.reference(room, scenario, inputs, seed, cpu_seconds=60.0)

    return ask


def recorded(workers: "Workers", room: Room, checks: list[Check]) -> Known:
    """The calls of all checks, answered by the reference, but for those whose answers vary."""
    probes: list[Probe] = []
    calls: dict[str, list[Any]] = {}
    job = workers.trusted.open(room.reference)
    try:
        for check in checks:
            recorder = Recorder(check, workers.probe_seed, asking(workers, room), job)
            # Whatever ends a check here, the calls before it are probes all the same.
            with contextlib.suppress(Stop, AssertionError, Outcome):
                check.verdict(recorder)
            probes += recorder.probes
            calls[check.id] = recorder.outcomes
        again = outcomes(probes, job.exchange(question_of(probes), ALL_CPU_SECONDS)) if probes else []
    finally:
        job.close()
        workers.reference_cpu += job.cpu
    steady = [
        (probe, outcome)
        for probe, outcome in zip(probes, again, strict=True)
        if same(outcome, calls[probe.check.id][probe.place])
    ]
    kept = [probe for probe, _ in steady]
    return Known(question_of(kept) if kept else None, kept, [outcome for _, outcome in steady], calls)


def compare(workers: "Workers", room: Room, known: Known, task: str) -> None:
    """Where the task's twins and mutants depart; one job after the other loads them all."""
    job: Job | None = None
    files = [(kind, file) for kind in ("twins", "mutants") for own, file in answers(room, kind)
             if own == task]  # fmt: skip
    for kind, file in files:
        source = Source((*room.reference.cells, (file.name, file.read_text(encoding="utf-8"))))
        try:
            if job is None or not job.alive:
                job = workers.trusted.open(source)
            else:
                job.load(source, cpu_seconds=10.0)
            assert known.question is not None
            shown = departures(job.exchange(known.question, ALL_CPU_SECONDS), known, workers, room)
        except Outcome:
            continue  # it never ends, or ends its process: such a fault names itself
        finally:
            if job is not None and not job.alive:
                workers.reference_cpu += job.cpu
        if kind == "twins":
            known.free |= {known.probes[at].check.id for at in shown if not known.probes[at].error}
        else:
            known.mistakes[file.stem] = shown
    if job is not None and job.alive:
        job.close()
        workers.reference_cpu += job.cpu


def departures(answer: Answer, known: Known, workers: "Workers", room: Room) -> Departures:
    """Where an answer is not the reference's, and what it gives there: its outcome or, where right answers
    differ, what the check says of it.
    """
    found: Departures = {}
    for at, (probe, outcome) in enumerate(zip(known.probes, outcomes(known.probes, answer), strict=True)):
        if same(outcome, known.expected[at]):
            continue
        if probe.error or probe.check.id not in known.free:
            found[at] = outcome
            continue
        calls = [*known.calls[probe.check.id]]
        calls[probe.place] = outcome
        said = complaint(probe.check, workers.probe_seed, asking(workers, room), calls)
        if said:
            found[at] = said
    return found
