"""The pool: whatever dies, every unit comes back once, and no other unit suffers."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from autograder.pool import Broken, Pool
from tests.autograder import fake_judge


@pytest.fixture
def pool() -> Iterator[Pool]:
    started = Pool(fake_judge.start, 2)
    yield started
    started.close()


def test_every_unit_comes_back_once_whatever_dies(pool: Pool, tmp_path: Path) -> None:
    poison, once = tmp_path / "poison", tmp_path / "once"
    units = [("say", str(number)) for number in range(20)]
    units[3:3] = [("die", str(poison)), ("die once", str(once))]
    assert pool.hello() == b"hello"
    came = list(pool.run(units))
    assert sorted(unit for unit, _ in came) == sorted(units)
    replies = dict(came)
    assert replies.pop(("die", str(poison))) is None
    assert poison.read_text() == "xxx", "three tries"
    assert replies.pop(("die once", str(once))) == b"survived"
    assert all(reply == text.encode() for (_, text), reply in replies.items())
    assert not list(pool.run([])), "and nothing is left over"


def test_idle_processes_end_at_once_when_the_pool_closes() -> None:
    """None holds a copy of the other's connection, which would keep it waiting."""
    started = Pool(fake_judge.start, 2)
    started.hello()
    list(started.run([("say", str(number)) for number in range(9)]))
    assert len(started.processes) == 2
    processes, began = [one.process for one in started.processes], time.monotonic()
    started.close()
    assert time.monotonic() - began < 4 and [one.exitcode for one in processes] == [0, 0]


def test_a_process_killed_from_outside_costs_no_unit(pool: Pool, tmp_path: Path) -> None:
    go = tmp_path / "go"

    def kill() -> None:
        while not any(one.unit for one in pool.processes):
            time.sleep(0.01)
        os.kill(pool.processes[0].process.pid or 0, signal.SIGKILL)
        go.write_text("")

    killer = threading.Thread(target=kill)
    pool.hello()
    killer.start()
    units = [("wait", str(go)), ("say", "a"), ("say", "b")]
    assert sorted(pool.run(units)) == [(units[1], b"a"), (units[2], b"b"), (units[0], b"waited")]
    killer.join()


def test_units_are_taken_as_processes_become_free(pool: Pool) -> None:
    """Their bytes would fill the memory otherwise."""
    taken: list[int] = []

    def units() -> Iterator[tuple[str, str]]:
        for number in range(30):
            taken.append(number)
            yield "say", str(number)

    pool.hello()
    for came, _ in enumerate(pool.run(units())):
        assert len(taken) <= came + 2 * pool.jobs + 1


def test_processes_that_cannot_start_are_a_fault_with_words(
    pool: Pool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("autograder.pool.serve", lambda *given: os._exit(7))
    pool.hello()
    with pytest.raises(Broken, match=r"ended while it started \(exit code 7\)"):
        list(pool.run([("say", "a")]))


def test_processes_end_with_their_coordinator(tmp_path: Path) -> None:
    """Also those that are judging, also if the coordinator is killed."""
    program = (
        "from autograder.pool import Pool; from tests.autograder import fake_judge\n"
        "pool = Pool(fake_judge.start, 2); pool.hello(); run = pool.run([('say', 'a')] * 9 + "
        f"[('wait', {str(tmp_path / 'never')!r})] * 2); next(run)\n"
        "print(*(one.process.pid for one in pool.processes), flush=True)\n"
        "list(run)"
    )
    root = Path(__file__).parent.parent.parent
    coordinator = subprocess.Popen(
        [sys.executable, "-c", program], cwd=root, stdout=subprocess.PIPE, text=True, env=os.environ
    )
    assert coordinator.stdout is not None
    workers = [int(word) for word in coordinator.stdout.readline().split()]
    assert len(workers) == 2 and all(map(alive, workers))
    coordinator.kill()
    coordinator.wait()
    deadline = time.monotonic() + 30
    while any(map(alive, workers)):
        assert time.monotonic() < deadline, "a worker lives on"
        time.sleep(0.05)


def alive(pid: int) -> bool:
    """Whether a process runs; one that has ended but that nobody waited for does not."""
    listed = subprocess.run(["ps", "-o", "stat=", "-p", str(pid)], capture_output=True, text=True).stdout
    return bool(listed.strip()) and not listed.startswith("Z")
