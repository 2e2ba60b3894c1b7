"""Runs of the command `class` over a made-up class, undisturbed and under kill -9, and what came out."""

import atexit
import contextlib
import hashlib
import json
import os
import random
import resource
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tools.rooms import ROOT
from tools.synthetic_class import EXPERIMENT, ROOM, SHARES

LOOK = 0.02  # seconds between two looks at a run that is to be disturbed


@dataclass
class Scene:
    """Where a class lies and how it is judged."""

    folder: Path
    options: tuple[str, ...] = ("--without", EXPERIMENT)
    code: int = 3  # with which a run ends: that of a fault of the judge, where there is poison in the class

    def command(self, name: str, *more: str) -> list[str]:
        run = self.folder / "runs" / name
        out = run / "out"
        outputs = [f"--json={out / 'results.json'}", f"--csv={out / 'grades.csv'}"]
        outputs += [f"--junit={out / 'junit.xml'}", f"--html={out / 'pages'}"]
        program = [sys.executable, "-m", "tools.synthetic_class", ROOM, str(self.folder / "class")]
        where = ["--store", str(run / "store"), "--secret", str(self.folder / "secret"), "--resume"]
        return [*program, *where, *self.options, *outputs, *more]

    def store(self, name: str) -> Path:
        return self.folder / "runs" / name / "store" / "results.jsonl"


@dataclass
class Sample:
    """Memory in MB when so many results were kept."""

    results: int
    coordinator: int
    judge: int


@dataclass
class Measured:
    """One run to its end."""

    seconds: float = 0.0
    cpu: float = 0.0
    cpu_is_whole: bool = False
    kills: int = 0
    starts: int = 0
    peak: int = 0
    samples: list[Sample] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.samples = [one if isinstance(one, Sample) else Sample(**one) for one in self.samples]

    def at(self, count: int) -> Sample:
        """The memory when `count` results were kept, or when judging ended."""
        return next((one for one in self.samples if one.results >= count), self.samples[-1])


class Meter:
    """CPU of a command and of all its descendants, orphans too: by a control group of the kernel's where one
    can be made, else by what the command waited for.
    """

    def __init__(self) -> None:
        self.group: Path | None = Path(f"/sys/fs/cgroup/cpuacct/shrink-{os.getpid()}")
        try:
            self.group.mkdir()
        except OSError:
            self.group = None
        self.before = self.waited()

    def waited(self) -> float:
        used = resource.getrusage(resource.RUSAGE_CHILDREN)
        return used.ru_utime + used.ru_stime

    def start(self, command: list[str], log: Path) -> subprocess.Popen[bytes]:
        if self.group is not None:
            inside = f'echo $$ > {self.group}/cgroup.procs && exec "$@"'
            command = ["sh", "-c", inside, "sh", *command]
        with log.open("ab") as file:
            environment = os.environ | {"OMP_NUM_THREADS": "1"}
            process = subprocess.Popen(command, cwd=ROOT, stdout=file, stderr=file, env=environment)
        atexit.register(process.kill)  # when this program is stopped, so is the run
        return process

    def read(self) -> float:
        if self.group is None:
            return self.waited() - self.before
        return int((self.group / "cpuacct.usage").read_text()) / 1e9

    def close(self) -> None:
        for _ in range(100 if self.group else 0):  # the last descendants are ending
            with contextlib.suppress(OSError):
                assert self.group is not None
                self.group.rmdir()
                return
            time.sleep(0.1)


def judges_of(pid: int) -> list[int]:
    """The worker processes of a coordinator: those of the pool are forked from it, Dask's are spawned."""
    found = []
    for file in Path(f"/proc/{pid}/task").glob("*/children"):
        with contextlib.suppress(OSError):
            found += [int(child) for child in file.read_text().split()]
    own = _read(f"/proc/{pid}/cmdline")
    lines = {child: _read(f"/proc/{child}/cmdline") for child in found}
    return [child for child, line in lines.items() if line == own or b"spawn_main" in line]


def _read(path: str) -> bytes:
    try:
        return Path(path).read_bytes()
    except OSError:
        return b""


def memory(pid: int, what: str = "VmRSS") -> int:
    """MB that a process holds, or has held at most (VmHWM)."""
    for line in _read(f"/proc/{pid}/status").decode().splitlines():
        if line.startswith(what):
            return int(line.split()[1]) >> 10
    return 0


def undisturbed(scene: Scene, name: str, *more: str) -> Measured:
    """Run to the end, looking at the memory on the way."""
    measured, meter, lines = Measured(starts=1), Meter(), Lines(scene.store(name))
    began = time.monotonic()
    process = meter.start(scene.command(name, *more), log_of(scene, name))
    while process.poll() is None:
        time.sleep(0.5)
        measured.peak = max(measured.peak, memory(process.pid, "VmHWM"))
        judging = judges_of(process.pid)
        if judging:
            sample = Sample(lines.count(), memory(process.pid), max(memory(one, "VmHWM") for one in judging))
            measured.samples.append(sample)
    expect(process.returncode, name, scene)
    return ended(measured, meter, began)


class Lines:
    """How many lines a growing file has."""

    def __init__(self, path: Path) -> None:
        self.path, self.place, self.found = path, 0, 0

    def count(self) -> int:
        if self.path.exists():
            with self.path.open("rb") as file:
                file.seek(self.place)
                data = file.read()
            self.place += len(data)
            self.found += data.count(b"\n")
        return self.found


def log_of(scene: Scene, name: str) -> Path:
    folder = scene.folder / "runs" / name
    folder.mkdir(parents=True, exist_ok=True)
    return folder / "log"


def expect(code: int, name: str, scene: Scene) -> None:
    if code != scene.code:
        log = log_of(scene, name).read_text(errors="replace")
        sys.exit(f"the run {name!r} ended with code {code}:\n{log[-3000:]}")


def moments(kills: int, learners: int) -> list[int]:
    """How many results shall be kept when the next kill comes: at random, from none to almost all."""
    return sorted(random.Random(learners + kills).sample(range(max(1, learners * 3 // 4)), kills))


def until(process: subprocess.Popen[bytes], lines: "Lines", count: int, chance: random.Random) -> bool:
    """Wait for so many results and a moment more; False if the process has ended before."""
    while lines.count() < count and process.poll() is None:
        time.sleep(LOOK)
    time.sleep(chance.uniform(0.0, 0.3))
    return process.poll() is None


def coordinator_killed(scene: Scene, name: str, kills: int, learners: int, *more: str) -> Measured:
    """Kill -9 the coordinator at random moments; resume after each."""
    measured, meter, chance = Measured(), Meter(), random.Random(kills)
    began = time.monotonic()
    for count in moments(kills, learners):
        process = meter.start(scene.command(name, *more), log_of(scene, name))
        measured.starts += 1
        if until(process, Lines(scene.store(name)), count, chance):
            orphans = judges_of(process.pid)
            process.kill()
            measured.kills += 1
            process.wait()
            gone(orphans)
    process = meter.start(scene.command(name, *more), log_of(scene, name))
    measured.starts += 1
    expect(process.wait(), name, scene)
    return ended(measured, meter, began)


def gone(pids: list[int], patience: float = 20.0) -> None:
    """Wait until these processes have ended, as they must when their coordinator is killed."""
    deadline = time.monotonic() + patience
    while any(_read(f"/proc/{pid}/cmdline") for pid in pids):  # one that has ended has none
        if time.monotonic() > deadline:
            sys.exit(f"worker processes outlived their coordinator: {pids}")
        time.sleep(0.05)


def worker_killed(scene: Scene, name: str, kills: int, learners: int, *more: str) -> Measured:
    """Kill -9 one of the worker processes at random moments of one run."""
    measured, meter, chance = Measured(starts=1), Meter(), random.Random(kills)
    began = time.monotonic()
    process = meter.start(scene.command(name, *more), log_of(scene, name))
    lines = Lines(scene.store(name))
    for count in moments(kills, learners):
        if until(process, lines, count, chance):
            while not (judging := judges_of(process.pid)) and process.poll() is None:
                time.sleep(LOOK)
            with contextlib.suppress(ProcessLookupError, IndexError):
                os.kill(chance.choice(judging), signal.SIGKILL)
                measured.kills += 1
    expect(process.wait(), name, scene)
    return ended(measured, meter, began)


def ended(measured: Measured, meter: Meter, began: float) -> Measured:
    measured.seconds, measured.cpu = round(time.monotonic() - began, 1), round(meter.read(), 1)
    measured.cpu_is_whole = meter.group is not None
    meter.close()
    return measured


def digest(folder: Path, pattern: str) -> str:
    """One name for the bytes of these files."""
    total = hashlib.sha256()
    for file in sorted(folder.rglob(pattern)):
        data = file.read_bytes()
        total.update(f"{file.relative_to(folder).as_posix()} {len(data)}\n".encode() + data)
    return total.hexdigest()


def difference(one: Path, other: Path) -> str:
    """The first file in which two runs differ; empty if they do not."""
    names = {file.relative_to(place) for place in (one, other) for file in place.rglob("*") if file.is_file()}
    for name in sorted(names):
        left, right = _read(str(one / name)), _read(str(other / name))
        if left != right:
            at = next(
                (at for at, pair in enumerate(zip(left, right, strict=False)) if pair[0] != pair[1]), -1
            )
            return f"{name}, byte {at}: {left[at - 60 : at + 60]!r} and {right[at - 60 : at + 60]!r}"
    return ""


def records(path: Path) -> Iterator[dict[str, Any]]:
    with path.open("rb") as file:
        for line in file:
            yield json.loads(line.partition(b" ")[2])


def checked(scene: Scene, name: str, first: str, learners: dict[str, str]) -> None:
    """Nobody lost, nobody twice, and every file that of the first run."""
    out = scene.folder / "runs" / name / "out"
    found = json.loads((out / "results.json").read_text(encoding="utf-8"))
    if [one["learner"] for one in found] != sorted(learners):
        sys.exit(f"the run {name!r} lost somebody, or has somebody twice")
    faults = [one["learner"] for one in found if one["status"] == "infra_error"]
    if faults != [learner for learner, kind in learners.items() if kind == "poison"]:
        sys.exit(
            f"the run {name!r} has faults of the judge where there should be none, or the reverse: {faults}"
        )
    kept = Counter(one["key"] for one in records(scene.store(name)) if one["result"]["status"] == "judged")
    if max(kept.values()) > 1:
        sys.exit(f"the run {name!r} kept a submission twice")
    differs = difference(scene.folder / "runs" / first / "out", out)
    if differs:
        sys.exit(f"the run {name!r} differs from the undisturbed one in {differs}")


def outcome_of_kinds(kinds: dict[str, str], scene: Scene, name: str) -> dict[str, str]:
    """What became of each kind: the points they got on average, and how they ended."""
    found = json.loads((scene.folder / "runs" / name / "out" / "results.json").read_text(encoding="utf-8"))
    lines = {}
    for kind in (*SHARES, "poison"):
        ours = [one for one in found if kinds[one["learner"]] == kind]
        if ours:
            ends = Counter(one["status"] for one in ours)
            mean = sum(one["points"] for one in ours) / len(ours)
            ending = ", ".join(f"{count} {status}" for status, count in sorted(ends.items()))
            lines[kind] = f"{ending}; mean {mean:.1f} of {ours[0]['max_points']:g} points"
    return lines


def own_cpu(scene: Scene, name: str) -> dict[str, float]:
    """CPU-seconds of the learners' own runs and of the reference's, as the judge has counted them."""
    kept = [one["result"] for one in records(scene.store(name))]
    return {
        "learners": round(sum(one["cpu_seconds"] for one in kept), 1),
        "reference": round(sum(one["reference_cpu_seconds"] for one in kept), 1),
    }
