"""A job as the grader sees it: ask a question, keep the deadline, kill from outside, turn what happened
into words.
"""

import functools
import hashlib
import os
import secrets
import select
import socket
import struct
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from autograder import wire
from autograder.outcomes import cause_of_death, outcome
from autograder.task import Crashed, Outcome, Scenario, TimedOut

START_SECONDS = 120.0
WALL_SECONDS = 5.0  # beside three times the CPU budget: the machine has other work, a sleeper has this
QUICK = struct.pack("@ll", 0, 20_000)  # 20 ms, in which most answers come: until then no clock is looked at
CHUNK = 1 << 16  # bytes of an answer that one call of the system fetches
LARGE = 1 << 20  # bytes from which an input travels as a read-only memfd
HAVE_MEMFD = hasattr(os, "memfd_create")  # Linux
CORES = os.cpu_count() or 1


class InfraError(Exception):
    """The grader's own fault. It is never a learner's zero."""


class BrokenAnswer(Crashed):
    """A job sent something that is no answer."""


@dataclass(frozen=True)
class Source:
    """What a job loads: (name, text) cells, and whether they come from a notebook.

    `library` holds the (topic, text) of earlier rooms' modules, which a learner may import.
    """

    cells: tuple[tuple[str, str], ...]
    notebook: bool = False
    wanted: tuple[str, ...] = ()
    library: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Question:
    """A call as it will be sent: its header's JSON without an id, small inputs, and large ones apart."""

    task: str
    text: bytes
    inline: tuple[wire.Buffer, ...]
    large: tuple[memoryview, ...]


@dataclass(frozen=True)
class Answer:
    """What a job sent back, unread: nobody vouches for it. `number` is the id of the question."""

    number: int
    text: bytearray
    body: bytearray

    @property
    def digest(self) -> bytes:
        """The same for equal answers to any two questions; empty if this does not begin as ours do."""
        start = b'{"id": %d, ' % self.number
        if not self.text.startswith(start):
            return b""
        rest = self.text[len(start) :]
        return hashlib.sha256(len(rest).to_bytes(8) + rest + self.body).digest()

    def value(self, task: str) -> Any:
        """The value the scenario returned, or an Outcome; after a BrokenAnswer nothing good will come."""
        reply, parts = self.read(f"the call of {task}")
        if "error" in reply:
            raise outcome(reply["error"], task)
        try:
            return wire.decode(reply.get("value"), parts)
        except wire.WireError as error:
            raise BrokenAnswer(f"the process that ran {task} sent {error}") from error

    def values(self, task: str, count: int) -> list[Any]:
        """What each case of `cases_of` returned: a value, or the Outcome that came instead."""
        parts = self.value(task)
        if not isinstance(parts, list) or len(parts) != count:
            raise BrokenAnswer(f"the process that ran {task} did not answer all cases")
        return [
            part[0] if isinstance(part, tuple) and len(part) == 1 else outcome(part, task) for part in parts
        ]

    def read(self, doing: str) -> tuple[dict[str, Any], list[Any]]:
        """The header, and the buffers."""
        try:
            reply = wire.unpack_header(self.text, len(self.body))
            parts = list(wire.split(self.body, reply["sizes"]))
        except wire.WireError as error:
            raise BrokenAnswer(f"{doing}: the process sent {error}") from error
        if reply.get("id") != self.number:
            raise BrokenAnswer(f"{doing}: the process sent an answer to a question nobody asked")
        return reply, parts


@functools.lru_cache(maxsize=2)
def load_text(source: Source) -> bytes:
    """The request to run a source, which every task of a submission makes."""
    header = {"op": "load", "cells": source.cells, "notebook": source.notebook, "wanted": source.wanted}
    return wire.header_text({**header, "library": source.library}, [])


def question(scenario: Scenario, inputs: dict[str, Any], *, task: str, seed: int) -> Question:
    """The call of a scenario with these inputs as they are now; large ones will travel as read-only files."""
    return _question("call", scenario, inputs, task, seed)


def cases_of(scenario: Scenario, inputs: list[dict[str, Any]], *, task: str, seed: int) -> Question:
    """A call with each of these inputs, one after the other, in one question."""
    return _question("cases", scenario, inputs, task, seed)


def _question(op: str, scenario: Scenario, inputs: Any, task: str, seed: int) -> Question:
    buffers: list[wire.Buffer] = []
    tree = wire.encode(inputs, buffers)
    from_file = [HAVE_MEMFD and isinstance(raw, memoryview) and len(raw) >= LARGE for raw in buffers]
    large = tuple(memoryview(raw) for raw, apart in zip(buffers, from_file, strict=True) if apart)
    inline: list[wire.Buffer] = [
        bytes(raw) for raw, apart in zip(buffers, from_file, strict=True) if not apart
    ]
    header = {"op": op, "source": scenario.source, "name": scenario.name, "inputs": tree, "task": task}
    header |= {"from_file": from_file, "seed": seed}
    return Question(task, wire.header_text(header, inline), tuple(inline), large)


class Blobs(Protocol):
    """Whoever keeps the large inputs (the zygote)."""

    def blob(self, raw: memoryview) -> int: ...


class Job:
    """One forked process with a learner's code in it. Ask until it fails; then open another."""

    def __init__(self, blobs: Blobs, channel: socket.socket, life: socket.socket) -> None:
        self.blobs, self.channel, self.life = blobs, channel, life
        self.alive, self.cpu, self.problems = True, 0.0, list[str]()
        self.clock = Clock(0)  # of no process yet
        started = self._expect(life, "started")
        self.clock = Clock(int(started["pid"]))
        self._expect(channel, "ready")
        channel.settimeout(None)
        channel.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, QUICK)
        self.chunk, self.come = bytearray(CHUNK), bytearray()  # what has come and nobody has asked for yet
        self.polls = {event: select.poll() for event in (select.POLLIN, select.POLLOUT)}
        for event, poll in self.polls.items():
            poll.register(channel, event)
            poll.register(life, select.POLLIN)

    def _expect(self, channel: socket.socket, op: str) -> dict[str, Any]:
        """The one message that comes before any learner's code runs; anything else is our fault."""
        channel.settimeout(START_SECONDS)
        try:
            header = receive_plain(channel)
        except (OSError, wire.WireError) as error:
            self.close()
            raise InfraError(f"a job did not start: {error}") from error
        if header.get("op") != op:
            self.close()
            raise InfraError(f"a job did not start: {header.get('text', 'no reason given')}")
        return header

    def load(self, source: Source, cpu_seconds: float) -> None:
        """Run the submission's source."""
        answer = self._exchange(load_text(source), (), [], cpu_seconds, "loading the submission")
        try:
            reply, _ = answer.read("loading the submission")
        except BrokenAnswer:
            self.close()
            raise
        problems = reply.get("problems")
        self.problems = (
            [wire.clean(text) for text in problems if isinstance(text, str)]
            if isinstance(problems, list)
            else []
        )

    def call(
        self, scenario: Scenario, inputs: dict[str, Any], *, task: str, seed: int, cpu_seconds: float
    ) -> Any:
        """The value a scenario returned, or an Outcome."""
        answer = self.exchange(question(scenario, inputs, task=task, seed=seed), cpu_seconds)
        try:
            return answer.value(task)
        except BrokenAnswer:
            self.close()
            raise

    def exchange(self, asked: "Question", cpu_seconds: float) -> "Answer":
        """Put a question and receive what comes back, unread; or raise the Outcome that came instead."""
        files = [self.blobs.blob(raw) for raw in asked.large]
        return self._exchange(asked.text, asked.inline, files, cpu_seconds, f"the call of {asked.task}")

    def _exchange(
        self,
        text: bytes,
        buffers: Sequence[wire.Buffer],
        files: list[int],
        cpu_seconds: float,
        doing: str,
    ) -> "Answer":
        number = int.from_bytes(secrets.token_bytes(6))
        deadline = Deadline(self.clock, cpu_seconds, doing)
        try:
            self._send(wire.frame(b'{"id": %d, ' % number + text[1:], buffers), files, deadline)
            self._fetch(deadline)
            head, body = wire.unpack_prefix(bytes(self._receive(wire.PREFIX.size, deadline)))
            answer = Answer(number, self._receive(head, deadline), self._receive(body, deadline))
        except Outcome:
            self.close()
            raise
        except wire.WireError as error:
            self.close()
            raise BrokenAnswer(f"{doing}: the process sent {error}") from error
        self.cpu = self.clock.cpu() or self.cpu
        return answer

    def _send(self, pieces: list[wire.Buffer], files: list[int], deadline: "Deadline") -> None:
        for piece in pieces:
            view = memoryview(piece).cast("B") if len(piece) else memoryview(b"")
            while len(view):
                try:
                    sent = (
                        socket.send_fds(self.channel, [view], files, socket.MSG_DONTWAIT)
                        if files
                        else self.channel.send(view, socket.MSG_DONTWAIT)
                    )
                except BlockingIOError:
                    self._wait(select.POLLOUT, deadline)
                    continue
                except OSError:
                    raise self._died(deadline.doing) from None
                view, files = view[sent:], []

    def _fetch(self, deadline: "Deadline") -> None:
        """Wait a moment for the answer, and take what there is of it. Once only: whoever sends a byte at a
        time would keep us from the clocks.
        """
        try:
            count = self.channel.recv_into(self.chunk)
        except BlockingIOError:
            return
        except OSError:
            count = 0
        if not count:
            raise self._died(deadline.doing)
        self.come += self.chunk[:count]

    def _receive(self, size: int, deadline: "Deadline") -> bytearray:
        """So many bytes. Those that came behind them are kept: the next answer begins with them."""
        come = self.come[:size]
        del self.come[:size]
        if len(come) == size:
            return come
        data = bytearray(size)
        data[: len(come)] = come
        view = memoryview(data)[len(come) :]
        while len(view):
            try:
                count = self.channel.recv_into(view, 0, socket.MSG_DONTWAIT)
            except BlockingIOError:
                self._wait(select.POLLIN, deadline)
                continue
            except OSError:
                count = 0
            if not count:
                raise self._died(deadline.doing)
            view = view[count:]
        return data

    def _wait(self, event: int, deadline: "Deadline") -> None:
        """Until the channel is ready; a job that ended raises Crashed, one that is late is killed."""
        poll = self.polls[event]
        while True:
            pause = deadline.pause()
            if pause is None:
                self.close()
                raise TimedOut(deadline.sentence())
            ready = dict(poll.poll(pause * 1000))
            if self.channel.fileno() in ready:
                return
            if self.life.fileno() in ready:
                raise self._died(deadline.doing)

    def _died(self, doing: str) -> Outcome:
        ended = self.close()
        return Crashed(f"{doing} {cause_of_death(ended.get('code'))}")

    def close(self) -> dict[str, Any]:
        """End the job, by force where need be; what its keeper says about the end."""
        if not self.alive:
            return {}
        self.alive = False
        ended: dict[str, Any] = {}
        try:
            self.clock.close()
            self.channel.close()
            self.life.settimeout(0.25)  # time to say why it ended, if it did
            try:
                ended = receive_plain(self.life)
            except TimeoutError:
                self.life.shutdown(socket.SHUT_WR)
                self.life.settimeout(10)
                ended = receive_plain(self.life)
        except (OSError, wire.WireError):
            pass
        self.life.close()
        self.cpu = float(ended.get("cpu", self.cpu))
        return ended


class Clock:
    """What a job has used, read from outside it; 0 or None where the system cannot tell."""

    def __init__(self, pid: int) -> None:
        self.pid, self.id = pid, (~pid << 3) | 2
        try:
            self.schedule = os.open(f"/proc/{pid}/schedstat", os.O_RDONLY | os.O_CLOEXEC)
        except OSError:
            self.schedule = -1

    def queued(self) -> float:
        """Seconds that the process has spent waiting for a core."""
        try:
            return int(os.pread(self.schedule, 100, 0).split()[1]) / 1e9
        except (OSError, ValueError, IndexError):
            return 0.0

    def cpu(self) -> float | None:
        """CPU seconds of the process so far."""
        try:
            return time.clock_gettime(self.id) if sys.platform == "linux" else None
        except OSError:
            return None

    def close(self) -> None:
        if self.schedule >= 0:
            os.close(self.schedule)
            self.schedule = -1


class Deadline:
    """CPU and wall time of one request, read from outside the process that is being timed.

    Time in which the process wanted a core and got none is not held against it: a machine that is busy with
    other work must not turn a right answer into a late one.
    """

    def __init__(self, clock: Clock, cpu_seconds: float, doing: str) -> None:
        self.clock, self.budget, self.doing = clock, cpu_seconds, doing
        self.wall_budget = WALL_SECONDS + 3.0 * cpu_seconds
        self.began: float | None = None  # counted from the first look, a moment after the question
        self.start = clock.cpu() or 0.0
        self.why = ""

    def pause(self) -> float | None:
        """How long one may wait before looking again; None when the time is up."""
        if self.began is None:
            self.began = time.monotonic() - self.clock.queued()
        wall = self.began + self.clock.queued() + self.wall_budget - time.monotonic()
        used = (self.clock.cpu() or 0.0) - self.start
        if used >= self.budget:
            self.why = f"took more than {self.budget:g} CPU-seconds"
        elif wall <= 0:
            self.why = f"did not answer within {self.wall_budget:g} seconds"
        return None if self.why else max(0.005, min(wall, (self.budget - used) / CORES))

    def sentence(self) -> str:
        return f"{self.doing} {self.why}: an endless loop, or far more work than needed?"


def receive_plain(channel: socket.socket) -> dict[str, Any]:
    """One frame without buffers, read with the socket's own timeout."""
    head, body = wire.unpack_prefix(_exactly(channel, wire.PREFIX.size))
    if head > 1 << 16 or body:
        raise wire.WireError("a message of the wrong size")
    return wire.unpack_header(_exactly(channel, head), 0)


def _exactly(channel: socket.socket, size: int) -> bytes:
    data = b""
    while len(data) < size:
        part = channel.recv(size - len(data))
        if not part:
            raise wire.WireError("the other side has hung up")
        data += part
    return data
