"""The deadline of a request: CPU time, and wall time in which the process could have run."""

import os
import sys

import pytest

from autograder import job

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells how long one was queued")


@pytest.mark.parametrize(("queued", "late"), [(0.0, True), (100.0, False)])
def test_time_spent_waiting_for_a_core_is_not_held_against_a_job(
    monkeypatch: pytest.MonkeyPatch, queued: float, late: bool
) -> None:
    """100 seconds pass on the wall: a sleeper is late, a process that stood in the queue is not."""
    clock = job.Clock(os.getpid())
    deadline = job.Deadline(clock, cpu_seconds=5.0, doing="the call")
    assert deadline.pause() is not None
    now, before = job.time.monotonic(), clock.queued()
    monkeypatch.setattr(job.time, "monotonic", lambda: now + 100)
    monkeypatch.setattr(clock, "queued", lambda: before + queued)
    assert (deadline.pause() is None) == late
    assert ("did not answer" in deadline.why) == late


def test_the_queue_is_read_from_the_system() -> None:
    clock = job.Clock(os.getpid())
    assert clock.queued() > 0
    clock.close()
    assert clock.queued() == 0
