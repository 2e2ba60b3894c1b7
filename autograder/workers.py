"""The grader's two zygotes, and the reference's outcomes, which are asked for once."""

import functools
import hashlib
import json
from collections import OrderedDict
from pathlib import Path
from types import TracebackType
from typing import Any

import torch

from autograder import wire
from autograder.job import InfraError, Job
from autograder.recall import Memory
from autograder.rooms import ROOT, Room
from autograder.task import LearnerError, Outcome, Scenario
from autograder.zygote import Zygote, start

MAX_KNOWN = 8192  # outcomes of the reference that are kept: those of all variants of a room's inputs


class Workers:
    """The two zygotes of a grader, shared by all its submissions: one for learners, one for the reference."""

    def __init__(self, level: str | None = None, *, root: Path = ROOT) -> None:
        self.root = root
        torch.set_num_threads(1)
        self.trusted_zygote: Zygote | None = None
        self.learner = start(level, trusted=False, root=root, alongside=self._start_trusted)
        self.level = self.learner.level
        self.reference_jobs: dict[str, Job] = {}
        self.known: OrderedDict[str, Any] = OrderedDict()
        self.reference_cpu = 0.0
        self.memory = Memory()
        self.probe_seed = 0  # one for a class, and secret there: of the inputs that tell mistakes apart
        self.mistakes: dict[Any, Any] = {}  # what diagnosis.py knows of each task

    def _start_trusted(self, learner: Zygote) -> None:
        """Beside the learner's zygote, for on two cores the two take as long as one."""
        if self.trusted_zygote is not None:
            self.trusted_zygote.close()
        self.trusted_zygote = Zygote(
            learner.level, trusted=True, root=self.root, bubblewrap=learner.bubblewrap
        )

    @property
    def trusted(self) -> Zygote:
        assert self.trusted_zygote is not None
        if not self.trusted_zygote.ready:
            self.trusted_zygote.wait_ready()
        return self.trusted_zygote

    def reference(
        self, room: Room, scenario: Scenario, inputs: dict[str, Any], seed: int, cpu_seconds: float
    ) -> Any:
        """The reference's outcome; the same question is asked once."""
        key = fingerprint(room, scenario, inputs, seed)
        if key not in self.known:
            job = self.reference_jobs.get(room.topic)
            if job is None or not job.alive:
                job = self.reference_jobs[room.topic] = self.trusted.open(room.reference)
            before = job.cpu
            try:
                value = job.call(scenario, inputs, task="the reference", seed=seed, cpu_seconds=cpu_seconds)
            except LearnerError as error:
                value = error
            except Outcome as error:
                raise InfraError(f"the reference of {room.key}, scenario {scenario.name}: {error}") from error
            self.reference_cpu += job.cpu - before
            self.known[key] = value
            if len(self.known) > MAX_KNOWN:
                self.known.popitem(last=False)
        self.known.move_to_end(key)
        if isinstance(self.known[key], LearnerError):
            raise InfraError(f"the reference of {room.key}, scenario {scenario.name}: {self.known[key]}")
        return self.known[key]

    def close(self) -> None:
        for job in self.reference_jobs.values():
            job.close()
        self.learner.close()
        if self.trusted_zygote is not None:
            self.trusted_zygote.close()

    def __enter__(self) -> "Workers":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def fingerprint(room: Room, scenario: Scenario, inputs: dict[str, Any], seed: int) -> str:
    """One name for one question to the reference."""
    buffers: list[wire.Buffer] = []
    digest = _room_digest(room).copy()
    digest.update(json.dumps([scenario.source, seed]).encode())
    digest.update(json.dumps(wire.encode(inputs, buffers)).encode())
    for buffer in buffers:
        digest.update(buffer)
    return digest.hexdigest()


@functools.cache
def _room_digest(room: Room) -> "hashlib._Hash":
    return hashlib.sha256(json.dumps([room.topic, room.reference.cells]).encode())
