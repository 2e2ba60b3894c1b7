"""One attack against the judge, and what is looked at afterwards: marks, processes, files, output.

Stopped means: no more points than the right answers beside the attack are worth, none of those lost, the
grader alive and back in time, no process left, no file and no changed byte outside the job's scratch.
"""

import ctypes
import hashlib
import os
import secrets
import shutil
import signal
import socket
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from autograder import grade, zygote
from autograder.report import Result
from tools.attack_submissions import COURSE, Attack, hand_in, honest

SEED = 7
PATIENCE = 1500  # seconds of wall time, on a machine that may be busy, after which the grader counts as stuck
SETTLING = 5  # seconds in which the processes of an attack may still be dying
SHARED = ("/tmp", "/var/tmp", "/dev/shm", "/run", "/")  # where a stray file could land
PR_SET_CHILD_SUBREAPER = 36
PRIVATE = "the gradebook's key\n"


def descendants() -> dict[int, str]:
    """Every process that descends from this one, also those whose parents have died (we adopt them)."""
    parents: dict[int, tuple[int, str]] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                name, _, rest = (entry / "stat").read_text().rpartition(")")
            except OSError:
                continue
            parents[int(entry.name)] = (int(rest.split()[1]), name.partition("(")[2])
    found: dict[int, str] = {}
    mine = {os.getpid()}
    while mine:
        mine = {pid for pid, (parent, _) in parents.items() if parent in mine}
        found |= {pid: parents[pid][1] for pid in mine}
    return found


def settled() -> dict[int, str]:
    """The grader's own processes: those that are still there when jobs have had time to end."""
    time.sleep(1.0)
    reap()
    return descendants()


def snapshot(folder: Path) -> dict[str, str]:
    """Path -> digest of everything below a folder, with its mode."""
    found = {}
    for path in sorted(folder.rglob("*")):
        state = path.lstat()
        content = path.read_bytes() if path.is_file() and not path.is_symlink() else b""
        digest = hashlib.sha256(content).hexdigest()[:16]
        found[str(path)] = f"{state.st_mode:o} {state.st_uid} {digest}"
    return found


def strays(mark: str) -> set[str]:
    """Files with the attack's mark in places that everybody may write to."""
    found: set[str] = set()
    for folder in {*SHARED, os.getcwd(), os.path.expanduser("~")}:
        if os.path.isdir(folder) and os.access(folder, os.R_OK):
            found |= {os.path.join(folder, name) for name in os.listdir(folder) if mark in name}
    return found


class Hung(BaseException):
    """The grader did not come back in time. No Exception: nothing may catch it on the way."""


def alarm(*ignored: object) -> None:
    raise Hung


def run_level(level: str, bubblewrap: bool, attacks: list[Attack]) -> Iterator[tuple[str, list[str]]]:
    """Every attack at one level, in this process; first the answers that no attack is in."""
    ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    signal.signal(signal.SIGALRM, alarm)
    with Scene() as scene:
        room = grade.find_room("vault", scene.course / "autograder" / "checks")
        # `full` would otherwise take bubblewrap wherever it is installed
        zygote.ATTEMPTS = ((level, bubblewrap),)  # type: ignore[assignment]
        with grade.Workers(level) as workers:

            def judge(path: Path) -> Result:
                signal.alarm(PATIENCE)
                try:
                    return grade.grade_notebook(room, path, seed=SEED, workers=workers)
                finally:
                    signal.alarm(0)

            worth = {task: sum(check.points for check in checks) for task, checks in room.tasks.items()}
            whole = judge(scene.write("own.py", honest(set())))
            if whole.points != room.max_points:
                raise RuntimeError(
                    f"right answers get {whole.points} of {room.max_points} at {level}: {whole}"
                )
            scene.processes = settled()
            for attack in attacks:
                yield attack.name, one(attack, scene, worth, judge)


class Scene:
    """The folders an attack is after, the servers it may try to reach, and a log of what is printed."""

    processes: dict[int, str]  # the grader's own, which an attack must neither end nor add to

    def __enter__(self) -> "Scene":
        self.top = Path(tempfile.mkdtemp(prefix="judge-scene-"))
        self.top.chmod(0o755)
        self.mark = f"mark{secrets.token_hex(4)}x"  # also the name of a socket that the whole machine sees
        self.course = self.top / "course"
        shutil.copytree(COURSE, self.course, ignore=shutil.ignore_patterns("__pycache__"))
        (self.course / "gradebook.db").write_text("double")
        (self.top / "submitted").mkdir()
        (self.top / "outside").mkdir()
        (self.top / "outside").chmod(0o777)  # everybody may write here: only the sandbox is in the way
        (self.top / "private").write_text(PRIVATE)
        (self.top / "private").chmod(0o600)
        self.servers = [socket.socket(), socket.socket(socket.AF_UNIX), socket.socket(socket.AF_UNIX)]
        self.servers[0].bind(("127.0.0.1", 0))
        self.servers[1].bind(str(self.top / "outside" / "socket"))
        self.servers[2].bind(f"\0{self.mark}")
        for server in self.servers:
            server.listen(50)
        (self.top / "outside" / "socket").chmod(0o777)
        self.log = open(self.top / "log", "w+b")
        os.dup2(self.log.fileno(), 1)
        os.dup2(self.log.fileno(), 2)
        port = self.servers[0].getsockname()[1]
        self.places = {"COURSE": str(self.course), "SUBMITTED": str(self.top / "submitted")}
        self.places |= {"OUTSIDE": str(self.top / "outside"), "PRIVATE": str(self.top / "private")}
        self.places |= {"MARK": self.mark, "PORT": str(port)}
        return self

    def __exit__(self, *ignored: object) -> None:
        for server in self.servers:
            server.close()
        self.log.close()
        shutil.rmtree(self.top)

    def clear(self) -> None:
        """An empty folder of submissions but for the work of another learner."""
        shutil.rmtree(self.top / "submitted")
        (self.top / "submitted").mkdir()
        self.write("other.py", honest(set()))
        self.log.seek(0)
        self.log.truncate()

    def write(self, name: str, text: str) -> Path:
        path = self.top / "submitted" / name
        path.write_text(text, encoding="utf-8")
        return path


def one(attack: Attack, scene: Scene, worth: dict[str, float], judge: Callable[[Path], Result]) -> list[str]:
    """One attack: judge it, then look at what it has gained, broken and left behind."""
    scene.clear()
    path = hand_in(attack, scene.places)
    files = snapshot(scene.top)
    try:
        why = gains(attack, judge(path), worth)
    except Hung:
        why = [f"the grader hung for {PATIENCE} s"]
    except Exception as error:
        why = [f"the grader fell: {type(error).__name__}: {str(error)[:200]}"]
    return why + leftovers(scene, files)


def gains(attack: Attack, result: Result, worth: dict[str, float]) -> list[str]:
    """What the marks say against the judge."""
    if result.status != "judged":
        return [f"the submission is {result.status}: {result.message[:200]}"]
    why = []
    for task in result.tasks:
        deserved = 0.0 if task.name == attack.task and attack.earns != "all" else worth[task.name]
        if task.points > deserved:
            why.append(f"{task.points:g} points for {task.name}, worth {deserved:g}")
        elif task.points < deserved and attack.others == "kept":
            why.append(f"{task.name} lost {deserved - task.points:g} points: {task.message[:120]}")
        if len(task.message) > 1000:
            why.append(f"a message of {len(task.message)} characters")
    return why


def leftovers(scene: Scene, files: dict[str, str]) -> list[str]:
    """What is there that was not there before; it is removed, so that the next attack finds a clean place."""
    why: list[str] = []
    processes = scene.processes
    until = time.monotonic() + SETTLING
    while (left := descendants().keys() - processes.keys()) and time.monotonic() < until:
        reap()
        time.sleep(0.02)
    if left:
        why.append(f"{len(left)} processes left")
        for pid in left:
            os.kill(pid, signal.SIGKILL)
    if gone := processes.keys() - descendants().keys():
        why.append(f"ended {', '.join(processes[pid] for pid in gone)}")
    now = snapshot(scene.top)
    log = str(scene.top / "log")
    changed = [name for name in {*files, *now} if files.get(name) != now.get(name) and name != log]
    for name in changed:
        if name not in files:
            Path(name).unlink(missing_ok=True)
    if any(str(scene.course) in name for name in changed):
        shutil.copytree(COURSE, scene.course, dirs_exist_ok=True)
    found = strays(scene.mark)
    for name in found:
        Path(name).unlink(missing_ok=True)
    if changed or found:
        names = sorted({Path(name).name.replace(scene.mark, "MARK")[:60] for name in [*changed, *found]})
        why.append(f"{len(changed) + len(found)} files written: {', '.join(names[:4])}")
    scene.log.flush()
    if scene.mark.encode() in (scene.top / "log").read_bytes():
        why.append("printed in the grader's own output")
    return why


def reap() -> None:
    """Take leave of orphans that have died: zombies are nobody's processes."""
    for pid in descendants():
        try:
            os.waitid(os.P_PID, pid, os.WEXITED | os.WNOHANG | os.WNOWAIT)
        except ChildProcessError:
            continue
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
        if state == "Z":
            os.waitpid(pid, os.WNOHANG)
