"""A class judged by Dask: on this machine, on a cluster that is running, or by SLURM jobs started for it.

The units are those of the pool. A submission's bytes travel to the worker, so no file system need be shared;
the course must be installed there. Dask blames the death of a worker on every unit it had been given, so a
unit that Dask gives up is judged again later with no other beside it; only then None comes back for it.

Dask runs whatever its scheduler is told to: a scheduler must be reachable by nobody you do not trust. The one
started here listens on the loopback alone.
"""

import contextlib
import json
import logging
import os
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import yaml  # type: ignore[import-untyped, unused-ignore]

from autograder import class_run
from autograder.class_run import Order, Unit
from autograder.job import InfraError
from autograder.pool import TRIES, Judge
from autograder.rooms import ROOT

MISSING = 'Dask is not installed: pip install "shrink-course[cluster]"'
LOOPBACK = "127.0.0.1"
ONE_DEATH = {"distributed.scheduler.allowed-failures": 0}  # we count them; other schedulers allow three
PATIENCE = "30s"  # for a scheduler to answer

# A user's own settings hold, but what dask-jobqueue writes down when it is imported stays in the course.
os.environ.setdefault("DASK_CONFIG", str(ROOT / ".cache" / "dask"))

Begin = Callable[[Order], tuple[bytes, Judge]]

running: dict[Order, tuple[bytes, Judge]] = {}  # in a worker process: what it has started
alone = threading.Lock()  # a worker may have several threads; its judge has time for one


def judge_here(order: Order, unit: Unit | None, start: Begin) -> tuple[bytes, bytes]:
    """In a worker process: what it says of itself, and the unit's result; its judge starts with the first."""
    with alone:
        if order not in running:
            running[order] = start(order)
        hello, judge = running[order]
        return hello, judge(unit) if unit is not None and b'"fault"' not in hello else b""


def libraries() -> tuple[Any, Any]:
    """dask and distributed, or the line that says how to get them."""
    try:
        import dask  # type: ignore[import-not-found, unused-ignore]
        import distributed  # type: ignore[import-not-found, unused-ignore]
    except ImportError:
        raise InfraError(MISSING) from None
    return dask, distributed


class Cluster:
    """Dask's workers, asked as the pool's processes are."""

    def __init__(self, client: Any, order: Order, tries: int = TRIES) -> None:
        self.client, self.order, self.tries, self.start = client, order, tries, class_run.start
        self.said = b""
        self.suspects: deque[Unit] = deque()  # units that were there when a worker died
        self.failures: dict[int, int] = {}

    def hello(self) -> bytes:
        """What the first worker says of itself; the others must say the same."""
        future = self.client.submit(judge_here, self.order, None, self.start, pure=False)
        self.said = self._reply(future)[0]
        return self.said

    def run(self, units: Iterable[Unit]) -> Iterator[tuple[Unit, bytes | None]]:
        """(unit, result) as they arrive; None for a unit that took too many workers along."""
        _, distributed = libraries()
        waiting: dict[Any, Unit] = {}
        arriving = distributed.as_completed(loop=self.client.loop)
        source = iter(units)
        while True:
            for unit in self._next(source, len(waiting)):
                future = self.client.submit(judge_here, self.order, unit, self.start, pure=False)
                waiting[future.key] = unit
                arriving.add(future)
            if not waiting:
                return
            future = next(arriving)
            unit = waiting.pop(future.key)
            try:
                hello, result = self._reply(future)
            except distributed.KilledWorker:
                failures = self.failures.pop(id(unit), 0) + 1
                if failures < self.tries:
                    self.failures[id(unit)] = failures
                    self.suspects.append(unit)
                else:
                    yield unit, None
                continue
            self.failures.pop(id(unit), None)
            if hello != self.said:
                raise InfraError(f"the workers differ: {difference(self.said, hello)}")
            yield unit, result

    def _next(self, source: Iterator[Unit], waiting: int) -> Iterator[Unit]:
        """A unit for each worker that has none; when there are no more, the suspects one by one."""
        free = max(1, len(self.client.nthreads())) - waiting
        for _, unit in zip(range(free), source, strict=False):
            waiting += 1
            yield unit
        if not waiting and self.suspects:
            yield self.suspects.popleft()

    def _reply(self, future: Any) -> tuple[bytes, bytes]:
        _, distributed = libraries()
        try:
            reply: tuple[bytes, bytes] = future.result()
        except distributed.KilledWorker:
            raise
        except Exception as error:
            raise InfraError(
                f"a Dask worker cannot judge ({type(error).__name__}: {error}); "
                "is this course installed there, in the same version?"
            ) from error
        finally:
            future.release()
        return reply


def difference(ours: bytes, theirs: bytes) -> str:
    """What two workers say differently, in words."""
    one, other = json.loads(ours), json.loads(theirs)
    if "fault" in other:
        return str(other["fault"])
    if one.get("level") != other.get("level"):
        return f"sandboxes {one.get('level')} and {other.get('level')}; --sandbox names one for all"
    return "they have different versions of the course or its packages; reinstall them"


@contextmanager
def judges(
    order: Order, *, jobs: int, address: str = "", slurm: bool = False, options: Path | None = None
) -> Iterator[Cluster]:
    """The cluster's judges while the block runs: `address` is "local" or a scheduler's."""
    with contextlib.ExitStack() as stack:
        _, distributed = libraries()
        if slurm:
            cluster = stack.enter_context(slurm_cluster(read_options(options)))
            cluster.scale(jobs=jobs)
        elif address == "local":
            cluster = stack.enter_context(local_cluster(jobs))
        else:
            cluster = address
        try:
            client = stack.enter_context(distributed.Client(cluster, timeout=PATIENCE, set_as_default=False))
        except (OSError, ValueError, TimeoutError) as error:
            raise InfraError(f"no Dask scheduler answers at {address}: {error}") from error
        yield Cluster(client, order, TRIES if slurm or address == "local" else 2)


def local_cluster(jobs: int) -> Any:
    """Worker processes on this machine that only this machine can talk to."""
    dask, distributed = libraries()
    dask.config.set(ONE_DEATH)
    return distributed.LocalCluster(
        n_workers=jobs, threads_per_worker=1, host=LOOPBACK, dashboard_address=None, memory_limit=0,
        silence_logs=logging.CRITICAL,
    )  # fmt: skip


def slurm_cluster(options: dict[str, Any]) -> Any:
    """A cluster of SLURM jobs; what `options` do not say, Dask's own configuration does (jobqueue.slurm)."""
    dask, _ = libraries()
    try:
        import dask_jobqueue  # type: ignore[import-not-found, unused-ignore]
    except ImportError:
        raise InfraError(MISSING) from None
    maker: Any = dask_jobqueue
    dask.config.set(ONE_DEATH)
    usual = {"cores": 1, "processes": 1, "memory": "4GB"}
    try:
        return maker.SLURMCluster(**(usual | options))
    except (TypeError, ValueError) as error:
        raise InfraError(f"the options of the SLURM jobs are not right: {error}") from error


def read_options(path: Path | None) -> dict[str, Any]:
    """The options of SLURM jobs from a YAML or JSON file: queue, account, cores, memory, walltime ..."""
    if path is None:
        return {}
    try:
        data = yaml.safe_load(path.read_text(encoding="utf-8"))  # JSON is YAML too
    except (OSError, ValueError, yaml.YAMLError) as error:
        raise ValueError(f"{path} cannot be read as YAML or JSON: {error}") from error
    if not isinstance(data, dict) or not all(isinstance(name, str) for name in data):
        raise ValueError(f"{path} must hold options by name, such as queue: normal")
    return data
