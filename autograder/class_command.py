"""`python -m autograder class`: what it prints, where it keeps things, and how it ends."""

import functools
import hashlib
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from autograder import class_run, exports, grade, wire
from autograder.class_run import Judges, Order, Run, Seeds
from autograder.cli import BAD_USAGE, GIVEN, INFRASTRUCTURE, Fault
from autograder.collect import Class, collected
from autograder.job import InfraError
from autograder.pool import Pool
from autograder.report import Result, number
from autograder.rooms import ROOT
from autograder.secret import secret
from autograder.store import InUse, Store, set_aside
from autograder.submission import Unreadable

HOME = ROOT / ".cache" / "class"  # nbgrader's files of the class are there too, its secret among them
SHOWN = 20


def judge_class(
    room_name: str,
    place: Path,
    *,
    jobs: int,
    store: Path | None,
    resume: bool,
    fresh: bool,
    seed: int | None,
    secret_file: Path | None,
    without: list[str],
    sandbox: str | None,
    require_sandbox: str | None,
    cluster: dict[str, Any] | None = None,
    **outputs: Any,
) -> None:
    """Judge everybody and write what was asked for; raises Fault, or SystemExit for a fault of ours."""
    try:
        room = grade.find_room(room_name)
        tasks = chosen(room, without)
        exports.check(room.key, **{name: outputs[name] for name in GIVEN if name in outputs})
        folder = store or default_store(room.key, place)
        seeds = Seeds(secret(secret_file or HOME / "secret"), seed)
        if fresh and (old := set_aside(folder)) is not None:
            print(f"the results of an earlier run are now {old}", file=sys.stderr)
        with Store(folder) as opened, class_of(place, room.key) as people:
            if len(opened.places) and not resume:
                raise Fault(BAD_USAGE, held(opened))
            order = Order(room.key, tasks, sandbox, seeds.of_probes)
            run = Run(room, order, seeds, opened, required=require_sandbox)
            with judging(order, jobs, cluster) as judges, progress(len(people.learners)) as advance:
                run.judge(people, judges, advance)
            finish(run, people, outputs)
    except (grade.UnknownRoom, exports.ExportError, InUse, Unreadable, ValueError) as error:
        raise Fault(BAD_USAGE, str(error)) from error
    except InfraError as error:
        raise Fault(INFRASTRUCTURE, str(error)) from error
    except OSError as error:
        raise Fault(BAD_USAGE, f"cannot use {error.filename or place}: {error.strerror or error}") from error
    except KeyboardInterrupt:
        raise Fault(130, "stopped; what was judged is kept, and --resume goes on") from None


def chosen(room: grade.Room, without: list[str]) -> tuple[str, ...] | None:
    """The tasks to judge; None for all."""
    unknown = [task for task in without if task not in room.tasks]
    if unknown:
        raise Fault(BAD_USAGE, f"{room.key} has no task {unknown[0]!r}; it has: {', '.join(room.tasks)}")
    return tuple(task for task in room.tasks if task not in without) if without else None


def default_store(room: str, place: Path) -> Path:
    """Where the results of this class and room are kept; the folder's whole path tells it from others."""
    mark = hashlib.sha256(str(place.resolve()).encode("utf-8", "surrogateescape")).hexdigest()[:8]
    return HOME / "results" / room / f"{exports.safe_name(place.resolve().name)}-{mark}"


def held(store: Store) -> str:
    return (
        f"this class was judged before, {len(store.places)} results are in {store.path}; "
        "--resume keeps those that hold and judges the rest, --fresh judges all anew"
    )


@contextmanager
def class_of(place: Path, room: str) -> Iterator[Class]:
    """The class; nobody in it is bad usage."""
    if not place.exists():
        raise Fault(BAD_USAGE, f"{place} does not exist")
    with collected(place, room) as people:
        if not people.learners:
            raise Fault(
                BAD_USAGE, f"{place} holds no submissions: no notebook, Python file, archive or folder"
            )
        yield people


@contextmanager
def judging(order: Order, jobs: int, cluster: dict[str, Any] | None) -> Iterator[Judges]:
    """The processes that judge: here, or on a cluster."""
    if cluster is not None:
        from autograder import cluster as dask

        with dask.judges(order, jobs=jobs, **cluster) as judges:
            yield judges
        return
    pool = Pool(functools.partial(class_run.start, order), jobs)
    try:
        yield pool
    finally:
        pool.close()


@contextmanager
def progress(total: int) -> Iterator[Any]:
    """A bar with an estimate while somebody watches; nothing otherwise. It has no thread: processes fork."""
    console = Console(stderr=True)
    columns = (TextColumn("judging"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    hidden = not console.is_terminal
    with Progress(*columns, console=console, transient=True, disable=hidden, auto_refresh=False) as bar:
        yield functools.partial(bar.update, bar.add_task("judging", total=total), advance=1, refresh=True)


def finish(run: Run, people: Class, outputs: dict[str, Any]) -> None:
    """The table, the files, and what somebody has to look at."""
    results = list(run.results)
    for result in results:
        points = f"{number(result.points)} / {number(result.max_points)}"
        grade_text = points if result.status == "judged" else result.status.replace("_", " ")
        print(f"{grade_text:>14}  {wire.clean(result.learner)}")
    print(summary(run, results))
    for warning in warnings(results, people.left):
        print(warning, file=sys.stderr)
    for note in exports.write(results, whole_class=True, **outputs):
        print(note, file=sys.stderr)
    if any(result.status == "infra_error" for result in results):
        raise SystemExit(INFRASTRUCTURE)


def summary(run: Run, results: list[Result]) -> str:
    counts = Counter(result.status.replace("_", " ") for result in results)
    parts = [f"{count} {status}" for status, count in counts.most_common()]
    graded = [result.points for result in results if result.status == "judged"]
    if graded:
        parts.append(f"mean {number(sum(graded) / len(graded))} of {number(results[0].max_points)} points")
    tally = run.tally
    parts.append(f"judged now {tally.judged}, kept {tally.kept}, equal to another {tally.same}")
    return f"{len(results)} learners: {'; '.join(parts)}; sandbox {run.level}"


def warnings(results: list[Result], left: list[str]) -> Iterator[str]:
    """Lines about whom nobody may overlook: not read, not judged, not anybody's."""
    for status, words in (("unreadable", "could not be read"), ("infra_error", "could not be judged")):
        found = [result for result in results if result.status == status]
        if found:
            yield f"{len(found)} of {len(results)} {words}:"
        for result in found[:SHOWN]:
            yield f"  {wire.clean(result.learner)}: {wire.clean(result.message)}"
        if len(found) > SHOWN:
            yield f"  and {len(found) - SHOWN} more: the table and the files name them"
    if left:
        names = ", ".join(wire.clean(name) for name in left[:SHOWN])
        yield f"left out, as nobody's work: {names}{' and more' if len(left) > SHOWN else ''}"
