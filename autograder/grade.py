"""Judging one submission: every check of a room against a learner's worker and the reference's."""

import hashlib
import hmac
import lzma
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch

from autograder import diagnosis, submission, wire
from autograder.job import Answer, BrokenAnswer, InfraError, Job, Source, cases_of, question
from autograder.recall import Call, Trail
from autograder.report import CheckResult, Result, Status, TaskResult
from autograder.rooms import Room, UnknownRoom, find_room
from autograder.task import Check, Judge, Outcome, Scenario, TimedOut
from autograder.workers import Workers
from autograder.zygote import Zygote

__all__ = [
    "Room",
    "UnknownRoom",
    "Workers",
    "find_room",
    "grade_all",
    "grade_notebook",
    "judge",
    "seed_for",
    "unreadable",
]
LOAD_CPU_SECONDS = 10.0
SUBMISSION_CPU_SECONDS = 300.0
MAX_TIMEOUTS = 2
CHEAP_CPU_SECONDS = 5.0  # a call that may take more gets a process that no other task has used
VARIANTS = 16
MAX_MESSAGE = 600
ENDS_TASK = ("missing", "not_attempted")  # the task's other checks would say the same


def seed_for(data: bytes, secret: bytes) -> int:
    """The seed for marks: nobody without the secret can tell the inputs of a submission, and it stays the
    same.

    Submissions fall into 16 variants of the inputs, as neighbours in an exam get different papers; all of a
    variant share what the reference answered.
    """
    variant = hmac.digest(secret, hashlib.sha256(data).digest(), "sha256")[0] % VARIANTS
    return int.from_bytes(hmac.digest(secret, f"variant {variant}".encode(), "sha256")[:4])


@dataclass
class Session:
    """One submission while it is being judged: its open job, and what it has used up."""

    room: Room
    workers: Workers
    source: Source
    seed: int
    zygote: Zygote
    job: Job | None = None
    task: str = ""
    opened_for: str = ""  # the task in which the job was opened
    loaded_for: str = ""  # the task for which it loaded the source last
    shared: bool = False  # whether this task has used a job that served another one before
    timeouts: int = 0
    cpu: float = 0.0
    metrics: dict[str, float] = field(default_factory=dict)

    def open(self) -> Job:
        """The job: forked when first needed, and again after it broke; each task loads the source anew."""
        if self.job is None or not self.job.alive:
            self.close()
            self.job = self.zygote.open(self.source, cpu_seconds=LOAD_CPU_SECONDS)
            self.opened_for = self.loaded_for = self.task
        elif self.loaded_for != self.task:
            self.job.load(self.source, LOAD_CPU_SECONDS)
            self.loaded_for = self.task
        self.shared = self.shared or self.opened_for != self.task
        return self.job

    def close(self) -> None:
        if self.job is not None:
            self.job.close()
            self.cpu += self.job.cpu
            self.job = None

    def exchange(self, call: Call) -> Answer:
        """The job's answer to one call, or the Outcome that came instead."""
        try:
            if call.fresh or (call.cpu_seconds > CHEAP_CPU_SECONDS and self.opened_for != self.task):
                self.close()
            job = self.open()
            left = SUBMISSION_CPU_SECONDS - self.cpu - job.cpu
            return job.exchange(call.question, max(0.1, min(call.cpu_seconds, left)))
        except TimedOut:
            self.timeouts += 1
            raise
        finally:
            if call.fresh:
                self.close()

    def recall(self, check: Check, key: object) -> CheckResult | Trail:
        """The result of a check whose answers are known; else what has come up to the first unknown one."""
        moment, trail = self.workers.memory.tree(key), list[tuple[Call, Answer | Outcome]]()
        while moment.call is not None:
            try:
                answer: Answer | Outcome = self.exchange(moment.call)
            except Outcome as outcome:
                answer = outcome
            trail.append((moment.call, answer))
            known = moment.after.get(answer.digest) if isinstance(answer, Answer) else None
            if known is None:
                return trail
            moment = known
        if moment.end is None:
            return trail
        result, metrics = moment.end
        self.metrics |= metrics
        return result.model_copy()

    @property
    def exhausted(self) -> bool:
        return self.timeouts >= MAX_TIMEOUTS or self.cpu >= SUBMISSION_CPU_SECONDS


class RoomJudge(Judge):
    """The judge a check gets when marks are given; `come` is what the check has been answered already."""

    def __init__(self, session: Session, check: Check, come: Trail) -> None:
        self.session, self.check, self.metrics = session, check, dict[str, float]()
        self.seed, self.told = check_seed(session.seed, check), call_seed(session.seed, check)
        self.generator = torch.Generator().manual_seed(self.seed)
        self.come, self.trail = iter(come), list[tuple[Call, Answer | Outcome]]()

    @property
    def code_bytes(self) -> int:
        text = "\n".join(text for _, text in self.session.source.cells)
        return len(lzma.compress(text.encode("utf-8", "replace")))

    def run(self, scenario: Scenario, *, cpu_seconds: float = 5.0, fresh: bool = False, **inputs: Any) -> Any:
        task = self.check.task
        answer = self._ask(Call(question(scenario, inputs, task=task, seed=self.told), cpu_seconds, fresh))
        return self._read(lambda: answer.value(task))

    def each(
        self, scenario: Scenario, cases: Iterable[dict[str, Any]], *, cpu_seconds: float = 5.0
    ) -> Iterator[Any]:
        task, inputs = self.check.task, list(cases)
        asked = cases_of(scenario, inputs, task=task, seed=self.told)
        answer = self._ask(Call(asked, cpu_seconds, fresh=False))
        for value in self._read(lambda: answer.values(task, len(inputs))):
            if isinstance(value, Outcome):
                raise value
            yield value

    def _ask(self, call: Call) -> Answer:
        """The answer to a call, from what has come already if that is what it asked."""
        before, answer = next(self.come, (None, None))
        if answer is None or before != call:  # nothing came yet, or the check asks otherwise than before
            self.come = iter(())
            try:
                answer = self.session.exchange(call)
            except Outcome as outcome:
                answer = outcome
        self.trail.append((call, answer))
        if isinstance(answer, Outcome):
            raise answer
        return answer

    def _read(self, read: Callable[[], Any]) -> Any:
        """What an answer says; after one that is none, nothing good will come from its job."""
        try:
            return read()
        except BrokenAnswer:
            self.session.close()
            raise

    def reference(self, scenario: Scenario, *, cpu_seconds: float = 60.0, **inputs: Any) -> Any:
        return self.session.workers.reference(self.session.room, scenario, inputs, self.told, cpu_seconds)

    def trusted(self, scenario: Scenario, *, cpu_seconds: float = 60.0, **inputs: Any) -> Any:
        return self.session.workers.reference(self.session.room, scenario, inputs, 0, cpu_seconds)


def check_seed(seed: int, check: Check) -> int:
    """The seed of one check's inputs."""
    return int.from_bytes(hashlib.sha256(f"{seed}:{check.id}".encode()).digest()[:4])


def call_seed(seed: int, check: Check) -> int:
    """The seed a job's own random generators start from. The learner's code may know it: nothing that the
    judge draws from the other one can be computed from it.
    """
    return int.from_bytes(hashlib.sha256(f"call:{seed}:{check.id}".encode()).digest()[:4])


def judge_check(session: Session, check: Check) -> CheckResult:
    """One check, from memory where its answers are known."""
    key = (check, session.room.reference, session.seed)
    come = session.recall(check, key)
    if isinstance(come, CheckResult):
        return come
    asking = RoomJudge(session, check, come)
    result = verdict(asking, check)
    session.metrics |= asking.metrics
    session.workers.memory.keep(key, asking.trail, result, asking.metrics)
    return result


def verdict(asking: RoomJudge, check: Check) -> CheckResult:
    """What the check says, whatever the learner's code does. A fault of the check itself is ours and ends
    the judging.
    """
    status: Status = "passed"
    fraction, message = 0.0, ""
    try:
        given = check.verdict(asking)
        fraction = 1.0 if given is None else min(1.0, max(0.0, float(given)))
        status = "passed" if fraction == 1.0 else "partial" if fraction > 0 else "failed"
        message = asking.remark if fraction < 1.0 else ""
    except Outcome as outcome:
        status, message = outcome.status, str(outcome)  # type: ignore[assignment]
    except AssertionError as failure:
        status, message = "failed", str(failure) or "the result is not what the contract says"
    except InfraError:
        raise
    except Exception as error:
        line = (
            error.__traceback__.tb_next.tb_lineno
            if error.__traceback__ and error.__traceback__.tb_next
            else "?"
        )
        raise InfraError(
            f"the check {check.id} (line {line}) failed by itself: {type(error).__name__}: {error}"
        ) from error
    return result_of(check, status, message, fraction)


def result_of(check: Check, status: Status, message: str, fraction: float = 0.0) -> CheckResult:
    message = wire.clean(message).strip()
    message = message if len(message) <= MAX_MESSAGE else message[: MAX_MESSAGE - 3] + "..."
    hint = check.hint if status in ("failed", "partial", "error", "bad_return") else ""
    points = round(fraction * check.points, 4)
    return CheckResult(
        name=check.title, passed=status == "passed", points=points, max_points=check.points,
        message=message, hint=hint, status=status,
    )  # fmt: skip


def judge_task(session: Session, name: str, checks: list[Check]) -> TaskResult:
    """All checks of one task. Tasks share a job while all goes well, for a fork costs more than most calls;
    one that does not pass there is judged again in a job of its own, and that counts. Nothing is gained
    by what one task leaves behind for the next: no expected value was ever there.
    """
    session.task, session.shared, timeouts = name, False, session.timeouts
    first = judge_checks(session, name, checks)
    if first.status in ("passed", "infra_error", *ENDS_TASK) or not session.shared:
        return first
    session.close()
    session.timeouts = timeouts
    return judge_checks(session, name, checks)


def judge_checks(session: Session, name: str, checks: list[Check]) -> TaskResult:
    """All checks of one task, one after the other, whatever each of them does."""
    results: list[CheckResult] = []
    for check in checks:
        if session.exhausted:
            results.append(result_of(check, "not_run", "not run: the submission has used up its time"))
        elif results and results[-1].status in ENDS_TASK:
            results.append(result_of(check, results[-1].status, results[-1].message))
        else:
            try:
                results.append(judge_check(session, check))
            except InfraError as error:
                results.append(result_of(check, "infra_error", str(error)))
    return task_result(name, results)


def task_result(name: str, checks: list[CheckResult]) -> TaskResult:
    """A task's status: passed, partial when some points were earned, else that of its first check that was
    not passed.
    """
    points, most = sum(check.points for check in checks), sum(check.max_points for check in checks)
    worst = next((check for check in checks if check.status == "infra_error"), None)
    first = worst or next((check for check in checks if not check.passed), None)
    status: Status = "passed" if first is None else first.status
    if first is not None and worst is None and points > 0:
        status = "partial"
    message = first.message if first is not None else ""
    return TaskResult(
        name=name, points=round(points, 4), max_points=most, status=status, message=message, checks=checks
    )


def judge(
    room: Room,
    source: Source,
    name: str,
    *,
    seed: int,
    workers: Workers,
    trusted: bool = False,
    tasks: list[str] | None = None,
) -> Result:
    """Judge one source; `trusted` is for sources of ours (self-check), which may import the library."""
    began = time.perf_counter()
    before = workers.reference_cpu
    zygote = workers.trusted if trusted else workers.learner
    session = Session(room, workers, room.ask(source), seed, zygote)
    try:
        judged = [
            diagnosis.explain(session, judge_task(session, task, checks), checks)
            for task, checks in room.tasks.items()
            if tasks is None or task in tasks
        ]
    finally:
        session.close()
    fault = next((task.message for task in judged if task.status == "infra_error"), "")
    return Result(
        room=room.key, submission=name, points=round(sum(task.points for task in judged), 4),
        max_points=sum(task.max_points for task in judged), sandbox=workers.level, seed=seed,
        seconds=round(time.perf_counter() - began, 3), status="infra_error" if fault else "judged",
        tasks=judged, metrics=session.metrics, message=fault, cpu_seconds=round(session.cpu, 3),
        reference_cpu_seconds=round(workers.reference_cpu - before, 3),
    )  # fmt: skip


def unreadable(room: Room, name: str, message: str, *, seed: int, workers: Workers) -> Result:
    """The result of a submission that cannot be read: nothing was judged."""
    return Result(
        room=room.key, submission=name, points=0.0, max_points=room.max_points, sandbox=workers.level,
        seed=seed, seconds=0.0, status="unreadable", tasks=[], metrics={}, message=message,
    )  # fmt: skip


def grade_notebook(
    room: Room, what: Path | bytes, *, name: str = "", seed: int = 0, workers: Workers
) -> Result:
    """Judge a submission given as a path (notebook, module, folder) or as the bytes of a notebook."""
    label = name or (what.name if isinstance(what, Path) else "submission.ipynb")
    try:
        read = submission.read(what, room.key) if isinstance(what, Path) else submission.parse(what, label)
    except submission.Unreadable as error:
        return unreadable(room, label, str(error), seed=seed, workers=workers)
    return judge(room, read.source, label, seed=seed, workers=workers)


def grade_all(room: Room, paths: list[Path], *, seed: int, workers: Workers) -> Iterator[Result]:
    """Judge many submissions with the same workers, one after the other."""
    for path in paths:
        yield grade_notebook(room, path, seed=seed, workers=workers)
