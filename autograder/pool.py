"""Worker processes on this machine: each judges one unit at a time, and may die without harm to the others.

`run` hands out units and yields what came back, in the order of arrival. A process that dies, or is silent
for too long, is replaced and its unit given to another; the third time the unit itself is to blame and None
comes back for it. Processes end with the one that started them, even if that is killed.

They are forked from the coordinator, which sets their judge up before: torch is imported once, and one pair
of zygotes serves them all. So the coordinator has no threads, and judges alone run tensor operations.
"""

import contextlib
import gc
import multiprocessing
import signal
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from typing import Any

TRIES = 3
UNIT_SECONDS = 3600.0  # a submission's own limits end it long before
LOOK_SECONDS = 10.0

Judge = Callable[[Any], bytes]  # one unit -> what to keep of it
Start = Callable[[], tuple[bytes, Judge]]  # run once: what the judges say of themselves, and what each runs


class Broken(Exception):
    """Processes end before they have judged anything; the message says what is known."""


@dataclass
class Process:
    """One worker process as its coordinator sees it."""

    process: BaseProcess
    connection: Connection
    ready: bool = False
    unit: Any = None
    since: float = field(default_factory=time.monotonic)


def serve(connection: Connection, judge: Judge, coordinators: list[Connection]) -> None:
    """The life of a worker process: say that it is there, then a unit at a time until the other side is gone.

    `coordinators` are that side's ends, of which a fork has copies: open here, they would never be gone.
    """
    from autograder.sandbox import die_with_parent

    die_with_parent()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the coordinator, which ends us
    for one in coordinators:
        one.close()
    with contextlib.suppress(EOFError, OSError):
        connection.send_bytes(b"")
        while True:
            connection.send_bytes(judge(connection.recv()))


class Pool:
    """Up to `jobs` worker processes, started when there is work for them."""

    def __init__(self, start: Start, jobs: int, tries: int = TRIES) -> None:
        self.start, self.jobs, self.tries = start, jobs, tries
        self.judge: Judge | None = None
        self.context = multiprocessing.get_context("fork")
        self.processes: list[Process] = []
        self.failures: dict[Any, int] = {}
        self.stillborn = 0
        self.waiting: deque[Any] = deque()  # units whose process died

    def hello(self) -> bytes:
        """What the judges say of themselves; to be called once, before `run`."""
        hello, self.judge = self.start()
        gc.freeze()  # the garbage collector then does not touch, and so copy, the pages that all share
        return hello

    def run(self, units: Iterable[Any]) -> Iterator[tuple[Any, bytes | None]]:
        """(unit, what its judge returned) as they arrive; None for a unit that took three processes along.

        Units are taken one by one as processes become free, so that few are in memory at a time.
        """
        source = iter(units)
        upcoming = next(source, None)
        while upcoming is not None or self.waiting or any(one.unit is not None for one in self.processes):
            for one in list(self.processes):
                if one.ready and one.unit is None and (self.waiting or upcoming is not None):
                    if self.waiting:
                        unit = self.waiting.popleft()
                    else:
                        unit, upcoming = upcoming, next(source, None)
                    self._give(one, unit)
            while (self.waiting or upcoming is not None) and len(self.processes) < self.jobs:
                self._begin()
            yield from self._arrivals()

    def _give(self, one: Process, unit: Any) -> None:
        one.unit, one.since = unit, time.monotonic()
        with contextlib.suppress(OSError):  # it has died: its end will be read in its turn
            one.connection.send(unit)

    def _arrivals(self) -> Iterator[tuple[Any, bytes | None]]:
        """Wait for one message or death at least, and pass on what they mean."""
        busy = [one for one in self.processes if one.unit is not None or not one.ready]
        arrived = wait([one.connection for one in busy], LOOK_SECONDS)
        for one in busy:
            late = time.monotonic() - one.since > UNIT_SECONDS
            if one.connection not in arrived and not late:
                continue
            try:
                message = one.connection.recv_bytes() if not late else None
            except (EOFError, OSError):
                message = None
            if message is not None and not one.ready:
                one.ready, self.stillborn = True, 0
            elif message is not None:
                unit, one.unit = one.unit, None
                self.failures.pop(id(unit), None)
                yield unit, message
            else:
                yield from self._died(one)

    def _died(self, one: Process) -> Iterator[tuple[Any, bytes | None]]:
        unit = one.unit
        if unit is None:
            self._replace(one)
            return
        self._end(one)
        self.failures[id(unit)] = self.failures.get(id(unit), 0) + 1
        if self.failures[id(unit)] < self.tries:
            self.waiting.append(unit)
        else:
            del self.failures[id(unit)]
            yield unit, None

    def _begin(self) -> Process:
        ours, theirs = self.context.Pipe()
        coordinators = [ours, *(one.connection for one in self.processes)]
        process = self.context.Process(target=serve, args=(theirs, self.judge, coordinators), name="judge")
        process.start()
        theirs.close()
        one = Process(process, ours)
        self.processes.append(one)
        return one

    def _replace(self, one: Process) -> Process:
        """Start another for one that died before it had anything to do."""
        code = self._end(one)
        self.stillborn += 1
        if self.stillborn >= self.tries:
            raise Broken(f"a grader process ended while it started (exit code {code})")
        return self._begin()

    def _end(self, one: Process) -> int | None:
        self.processes.remove(one)
        one.connection.close()
        one.process.kill()
        one.process.join()
        return one.process.exitcode

    def close(self) -> None:
        """End all processes: an idle one by itself, a busy one by force."""
        for one in self.processes:
            one.connection.close()
        for one in list(self.processes):
            if one.unit is None:
                one.process.join(5)
            self._end(one)
