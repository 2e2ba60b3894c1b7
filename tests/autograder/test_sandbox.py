"""What a job cannot do, at each level this machine offers. Probes of kill use signal 0: it harms nobody."""

import os
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from autograder.job import Source
from autograder.rooms import find_room
from autograder.sandbox import NOBODY, scratch_folder
from autograder.task import Crashed, OutOfMemory, Scenario, TimedOut, scenario
from autograder.zygote import Zygote

ROOT = Path(__file__).resolve().parents[2]


def run(zygote: Zygote, asked: Scenario, *, cpu_seconds: float = 5.0, **inputs: Any) -> Any:
    job = zygote.open(Source(()))
    try:
        return job.call(asked, inputs, task="probe", seed=0, cpu_seconds=cpu_seconds)
    finally:
        job.close()


@scenario
def tries(work, attempts):  # type: ignore[no-untyped-def]
    """name -> what the attempt gave, or the exception's name."""
    import ctypes
    import os
    import socket
    import subprocess

    libc = ctypes.CDLL(None, use_errno=True)
    space = {"os": os, "socket": socket, "subprocess": subprocess, "libc": libc, "ctypes": ctypes}
    found = {}
    for name, text in attempts.items():
        try:
            found[name] = str(eval(text, space))
        except BaseException as error:
            found[name] = type(error).__name__
    return found


FORBIDDEN = {
    "socket": "socket.socket()",
    "unix socket": "socket.socketpair()",
    "fork": "os.fork()",
    "exec": "os.execv('/bin/true', ['true'])",
    "spawn": "subprocess.run(['/bin/true'])",
    "kill all": "os.kill(-1, 0)",
    "kill group": "os.kill(0, 0)",
    "kill the zygote": "os.kill(os.getppid() or 1 << 20, 0)",
    "chmod": "os.chmod('/dev/null', 0o666)",
    "chown": "os.chown('/dev/null', 0, 0)",
    "link": "os.symlink('/etc', '/tmp/judge-test-link')",
    "mount": "1 / (1 + libc.mount(None, b'/', None, 1 << 14, None))",
    "unshare": "1 / (1 + libc.unshare(0x10000000))",
    "ptrace": "1 / (1 + libc.ptrace(16, os.getppid(), 0, 0))",
    "bpf": "1 / (1 + libc.syscall(321, 0, 0, 0))",
    "memfd": "os.memfd_create('hoard')",
    "raise a limit": "__import__('resource').setrlimit(7, (999, 999))",
    "forget the parent": "1 / (1 + libc.prctl(1, 0, 0, 0, 0))",
    "become root": "os.setuid(0)",
}


def test_no_level_lets_a_job_reach_other_processes_or_the_network(zygote: Zygote) -> None:
    found = run(zygote, tries, attempts=FORBIDDEN)
    allowed = {"PermissionError", "OSError", "ZeroDivisionError", "ProcessLookupError", "ValueError"}
    assert {name: error for name, error in found.items() if error not in allowed} == {}


def test_the_environment_is_empty_and_nothing_but_the_socket_is_open(zygote: Zygote) -> None:
    attempts = {
        "environment": "dict(os.environ)",
        "descriptors": "[fd for fd in range(3, 200) if ctypes.c_int(libc.fcntl(fd, 1)).value >= 0]",
        "stdout": "os.fstat(1).st_rdev",
    }
    found = run(zygote, tries, attempts=attempts)
    assert found["environment"] == "{}"
    assert found["descriptors"] == "[3]"
    assert found["stdout"] == str(os.stat("/dev/null").st_rdev)


def test_root_becomes_nobody(zygote: Zygote) -> None:
    expected = str(NOBODY) if os.getuid() == 0 or zygote.level == "full" else str(os.getuid())
    assert run(zygote, tries, attempts={"uid": "os.getuid()"})["uid"] == expected


def test_the_repository_cannot_be_read(zygote: Zygote) -> None:
    if zygote.level == "process":
        pytest.skip("this level reads what its user reads")
    secrets = [
        ROOT / "shrink" / "pruning.py",
        ROOT / "autograder" / "checks",
        ROOT / "data",
        ROOT,
        "/etc/passwd",
    ]
    secrets += ["/root", "/home", "/proc/1/environ", "/sys", "/var", Path(__file__)]
    attempts = {
        str(
            path
        ): f"os.listdir({str(path)!r}) if os.path.isdir({str(path)!r}) else open({str(path)!r}).read(1)"
        for path in secrets
    }
    found = run(zygote, tries, attempts=attempts)
    errors = {"PermissionError", "FileNotFoundError", "NotADirectoryError"}
    assert {path: got for path, got in found.items() if got not in errors} == {}


def test_the_solutions_cannot_be_imported_and_the_sentence_says_so(zygote: Zygote) -> None:
    @scenario
    def imports(work):  # type: ignore[no-untyped-def]
        found = []
        for name in (
            "shrink.pruning",
            "shrink.measuring",
            "autograder.checks",
            "autograder.wire",
            "tools.rooms",
        ):
            try:
                __import__(name)
                found.append(name)
            except ImportError as error:
                found.append(str(error))
        return found

    found = run(zygote, imports)
    assert found[0] == "the judge hides shrink.pruning: write the function yourself"
    assert all(sentence.startswith("the judge hides") for sentence in found), found


def test_a_learner_may_import_the_modules_of_earlier_rooms(zygote: Zygote) -> None:
    @scenario
    def imports(work):  # type: ignore[no-untyped-def]
        try:
            from shrink import pruning
        except ImportError as error:
            pruning = str(error)
        from shrink.measuring import answer

        return [answer, pruning]

    source = Source((), library=(("measuring", "answer = 42"),))
    job = zygote.open(source)
    try:
        hidden = "the judge hides shrink.pruning: write the function yourself"
        assert job.call(imports, {}, task="t", seed=1, cpu_seconds=5) == [42, hidden]
    finally:
        job.close()


def test_a_room_brings_the_modules_of_earlier_rooms_and_no_others() -> None:
    assert [topic for topic, _ in find_room("pruning").library] == ["measuring"]
    assert find_room("measuring").library == ()


def test_the_scratch_folder_has_a_size_and_nothing_else_can_be_written(zygote: Zygote) -> None:
    @scenario
    def fill(work, folders):  # type: ignore[no-untyped-def]
        import os

        found = {}
        for folder in folders:
            written = 0
            try:
                for at in range(1000):
                    with open(f"{folder}/judge-test-{os.getpid()}-{at}", "wb") as file:
                        file.write(b"x" * (1 << 20))
                        file.flush()
                        written += 1
            except OSError:
                pass
            found[folder] = written
        return found

    if zygote.level == "process":
        pytest.skip("this level writes where its user writes")
    found = run(zygote, fill, folders=["/tmp", "/", "/dev/shm", "/var/tmp", str(ROOT), "/proc", "/judge"])
    written = found.pop(scratch_folder([sys.prefix, sys.base_prefix]))
    assert written <= 64
    assert (written > 0) == (zygote.level == "full")
    assert set(found.values()) == {0}


def test_the_scratch_folder_never_covers_the_interpreter() -> None:
    """A course cloned below /tmp once lost its libraries behind the scratch folder."""
    assert scratch_folder(["/usr/lib", "/tmpfs/lib"]) == "/tmp"
    assert scratch_folder(["/usr/lib", "/tmp/clone/.venv/lib"]) == "/var/tmp"


def test_a_full_job_is_alone_in_its_process_table(zygote: Zygote) -> None:
    if zygote.level != "full":
        pytest.skip("only full has namespaces")
    scratch = scratch_folder([sys.prefix, sys.base_prefix])
    found = run(
        zygote,
        tries,
        attempts={"pid": "os.getpid()", "self": "os.stat('/proc/self')", "old": f"os.listdir({scratch!r})"},
    )
    assert found == {"pid": "1", "self": "FileNotFoundError", "old": "[]"}


def test_a_loop_that_ignores_every_signal_is_killed(zygote: Zygote) -> None:
    @scenario
    def loop(work):  # type: ignore[no-untyped-def]
        import contextlib
        import signal

        for number in range(1, 65):
            with contextlib.suppress(OSError, ValueError):
                signal.signal(number, signal.SIG_IGN)
        while True:
            pass

    job = zygote.open(Source(()))
    began = time.monotonic()
    with pytest.raises(TimedOut, match=r"took more than 0\.3 CPU-seconds"):
        job.call(loop, {}, task="probe", seed=0, cpu_seconds=0.3)
    assert time.monotonic() - began < 30
    with pytest.raises(ProcessLookupError):
        os.kill(job.clock.pid, 0)


def test_who_answers_a_byte_at_a_time_is_late_all_the_same(
    zygote: Zygote, monkeypatch: pytest.MonkeyPatch
) -> None:
    @scenario
    def drip(work):  # type: ignore[no-untyped-def]
        import os
        import struct
        import time

        os.write(3, b"SHR1" + struct.pack("<IQ", 1 << 20, 0))
        while True:
            os.write(3, b" ")
            time.sleep(0.001)

    monkeypatch.setattr("autograder.job.WALL_SECONDS", 0.2)
    job = zygote.open(Source(()))
    began = time.monotonic()
    with pytest.raises(TimedOut, match=r"did not answer within|more than 0.3 CPU-seconds"):
        job.call(drip, {}, task="probe", seed=0, cpu_seconds=0.3)
    assert time.monotonic() - began < 60 and not job.alive


def test_a_memory_bomb_is_told_so_and_harms_nobody(zygote: Zygote) -> None:
    @scenario
    def bomb(work):  # type: ignore[no-untyped-def]
        return [bytes(1 << 28) for _ in range(1000)]

    with pytest.raises(OutOfMemory):
        run(zygote, bomb)
    assert run(zygote, tries, attempts={"alive": "1 + 1"})["alive"] == "2"


def test_threads_are_counted(zygote: Zygote) -> None:
    @scenario
    def threads(work):  # type: ignore[no-untyped-def]
        import threading

        started = 0
        stop = threading.Event()
        try:
            for _ in range(2000):
                threading.Thread(target=stop.wait, daemon=True).start()
                started += 1
        except (RuntimeError, MemoryError):
            pass
        stop.set()
        return started

    assert run(zygote, threads) < 1000


def test_a_killed_job_says_so_and_the_next_one_works(zygote: Zygote) -> None:
    @scenario
    def segfault(work):  # type: ignore[no-untyped-def]
        import ctypes

        ctypes.string_at(0)

    @scenario
    def leave(work):  # type: ignore[no-untyped-def]
        import os

        os._exit(0)

    with pytest.raises(Crashed, match="segmentation fault"):
        run(zygote, segfault)
    with pytest.raises(Crashed, match="exit code 0"):
        run(zygote, leave)
    assert run(zygote, tries, attempts={"alive": "1 + 1"})["alive"] == "2"


def test_torch_computes_trains_and_saves_in_memory(zygote: Zygote) -> None:
    @scenario
    def train(work, x):  # type: ignore[no-untyped-def]
        import io

        net = nn.Sequential(nn.Conv2d(1, 2, 3), nn.Flatten(), nn.Linear(72, 2))  # noqa: F821
        optimizer = torch.optim.Adam(net.parameters())
        for _ in range(2):
            optimizer.zero_grad()
            F.cross_entropy(net(x), torch.zeros(4, dtype=torch.long)).backward()  # noqa: F821
            optimizer.step()
        file = io.BytesIO()
        torch.save(net.state_dict(), file)
        return len(file.getvalue()) > 0 and bool(net[0].weight.isfinite().all())

    import torch

    assert run(zygote, train, x=torch.ones(4, 1, 8, 8)) is True


def test_a_large_input_is_a_copy_for_each_job(zygote: Zygote) -> None:
    @scenario
    def spoil(work, x):  # type: ignore[no-untyped-def]
        before = float(x.sum())
        x.zero_()
        return before

    import torch

    x = torch.ones(1 << 19)
    assert [run(zygote, spoil, x=x), run(zygote, spoil, x=x)] == [float(1 << 19)] * 2
    assert float(x.sum()) == 1 << 19
    x.mul_(2)
    assert run(zygote, spoil, x=x) == float(1 << 20)
