"""Runs every attack of tests/attacks/submissions at every sandbox level and writes down what stopped it.

An attack is a submission. Its docstring begins with its number in the list of docs/sandbox.md and may hold lines

    task: pack          the task it is aimed at (double, if it does not say)
    earns: all          an accident, no attack: it must cost nothing
    others: lost        its other tasks may be lost (it ends while it is loaded)
    form: notebook      handed in as a notebook, its cells parted at `# %%`; `forged` with outputs that lie
    dangerous: ...      what it would do where nothing stops it: run inside namespaces of ours, or not at all

It is handed in together with right answers to all other tasks. Stopped means: no more points than those
others are worth, none of them lost, the grader alive and in time, no process left, no file and no changed
byte outside the job's scratch. Run as root, everything is done once more as an ordinary user.
"""

import argparse
import ast
import ctypes
import hashlib
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

os.environ.setdefault("OMP_NUM_THREADS", "1")

from tools import results
from tools.rooms import ROOT

FOLDER = ROOT / "tests" / "attacks"
SUBMISSIONS = FOLDER / "submissions"
COURSE = FOLDER / "course"
PAGE = ROOT / "docs" / "sandbox.md"
LEVELS = {
    "full, bubblewrap": ("full", True),
    "full, own walls": ("full", False),
    "landlock": ("landlock", False),
    "process": ("process", False),
}
USERS = ("root", "ordinary user")
ORDINARY = 54321  # a user id that nobody has
SEED = 7
PATIENCE = 60  # seconds of wall time after which the grader counts as stuck
SETTLING = 5  # seconds in which the processes of an attack may still be dying
SHARED = ("/tmp", "/var/tmp", "/dev/shm", "/run", "/")  # where a stray file could land
PR_SET_CHILD_SUBREAPER = 36
PRIVATE = "the gradebook's key\n"


@dataclass(frozen=True)
class Attack:
    """One attack, as its file tells."""

    name: str
    number: int
    title: str
    path: Path
    task: str = "double"
    earns: str = "nothing"
    others: str = "kept"
    form: str = "module"
    dangerous: str = ""


@dataclass
class Verdict:
    """What came of an attack at one level; `why` names what was not stopped."""

    why: list[str] = field(default_factory=list)
    points: float = 0.0
    baseline: float = 0.0
    status: str = ""
    seconds: float = 0.0


def read_attack(path: Path) -> Attack:
    """The attack in this file, or in the folder whose double.py is the submission."""
    text = (path / "double.py" if path.is_dir() else path).read_text(encoding="utf-8")
    found = re.match(r'"""(\d+): (.+?)"""', text, re.DOTALL)
    if found is None:
        raise ValueError(f"{path.name} does not begin with a docstring such as '7: writes a result file'")
    lines = found[2].strip().splitlines()
    options = dict(re.findall(r"^(task|earns|others|form|dangerous): (.+)$", found[2], re.MULTILINE))
    return Attack(path.stem, int(found[1]), lines[0], path, **options)


def all_attacks() -> list[Attack]:
    """Every attack, in the order of the list."""
    paths = [path for path in SUBMISSIONS.iterdir() if path.suffix == ".py" or (path / "double.py").exists()]
    return sorted((read_attack(path) for path in paths), key=lambda attack: (attack.number, attack.name))


# ---- one submission ------------------------------------------------------------------------------


def top_level(text: str) -> dict[str, ast.stmt]:
    """Names defined or assigned at the top of a module."""
    found: dict[str, ast.stmt] = {}
    for node in ast.parse(text).body:
        if isinstance(node, ast.FunctionDef):
            found[node.name] = node
        elif isinstance(node, ast.Assign):
            found |= {target.id: node for target in node.targets if isinstance(target, ast.Name)}
    return found


def honest(without: set[str]) -> str:
    """Right answers to every task but these."""
    text = (COURSE / "shrink" / "vault.py").read_text(encoding="utf-8")
    answers = [ast.unparse(node) for name, node in top_level(text).items() if name not in without]
    return "\n\n\n".join(["import torch", *answers]) + "\n"


def hand_in(attack: Attack, places: dict[str, str]) -> Path:
    """Writes the submission, the right answers to the other tasks behind it; its path."""
    folder = Path(places["SUBMITTED"])
    source = attack.path / "double.py" if attack.path.is_dir() else attack.path
    text = fill(source.read_text(encoding="utf-8"), places)
    defined = set(re.findall(r"^def (\w+)|^(\w+) = ", text, re.MULTILINE))
    names = {name for pair in defined for name in pair if name}
    names |= set(re.findall(r"\b(\w+) = ", "\n".join(re.findall(r"^(?:\w+ = )+", text, re.MULTILINE))))
    gone = set() if attack.earns == "all" else {attack.task, *(["unpack"] if attack.task == "pack" else [])}
    rest = honest(names | gone)
    if attack.path.is_dir():
        target = folder / attack.name
        target.mkdir()
        for file in attack.path.iterdir():
            (target / file.name).write_text(fill(file.read_text(encoding="utf-8"), places), encoding="utf-8")
        (target / "double.py").rename(target / "vault.py")
        with (target / "vault.py").open("a", encoding="utf-8") as opened:
            opened.write("\n\n" + rest)
        return target
    if attack.form == "module":
        target = folder / "own.py"
        target.write_text(f"{text}\n\n{rest}", encoding="utf-8")
        return target
    cells = [part.strip("\n") for part in text.split("# %%\n")[1:]]
    target = folder / "own.ipynb"
    target.write_text(json.dumps(notebook([*cells, rest], forged=attack.form == "forged")), encoding="utf-8")
    return target


def fill(text: str, places: dict[str, str]) -> str:
    """The attack with the paths it is after: an attacker is taken to know them."""
    return re.sub(r"@([A-Z]+)@", lambda found: places[found[1]], text)


def notebook(cells: list[str], *, forged: bool) -> dict[str, Any]:
    """These cells as a notebook of format 4; forged outputs and metadata say that all is passed."""
    made: list[dict[str, Any]] = []
    for source in cells:
        cell: dict[str, Any] = {"cell_type": "code", "metadata": {}, "outputs": [], "source": source}
        if forged:
            nbgrader = {"grade": True, "grade_id": "check_double", "points": 100, "locked": True, "solution": False}
            cell["metadata"] = {"nbgrader": nbgrader, "score": 100, "status": "passed"}
            cell["outputs"] = [{"output_type": "stream", "name": "stdout", "text": "3.0"}]
        made.append({**cell, "execution_count": None})
    return {"cells": made, "metadata": {"points": 100}, "nbformat": 4, "nbformat_minor": 5}


# ---- what is watched -----------------------------------------------------------------------------


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


# ---- one level -----------------------------------------------------------------------------------


def run_level(level: str, bubblewrap: bool, attacks: list[Attack]) -> Iterator[tuple[str, Verdict]]:
    """Every attack at one level, in this process; first the answers that no attack is in."""
    from autograder import grade
    from autograder.workers import Workers
    from autograder.zygote import Zygote

    ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    signal.signal(signal.SIGALRM, alarm)
    with Scene() as scene:
        room = grade.find_room("vault", scene.course / "autograder" / "checks")
        workers = Workers.__new__(Workers)
        start_as(workers, Zygote, level, bubblewrap)
        with workers:
            worth = {task: sum(check.points for check in checks) for task, checks in room.tasks.items()}
            whole = scene.judge(grade, room, workers, scene.write("own.py", honest(set())))
            if whole.points != room.max_points:
                raise RuntimeError(f"right answers get {whole.points} of {room.max_points} at {level}: {whole}")
            scene.processes = settled()
            for attack in attacks:
                yield attack.name, one(attack, scene, worth, lambda path: scene.judge(grade, room, workers, path))


def start_as(workers: Any, zygote: Any, level: str, bubblewrap: bool) -> None:
    """Workers of exactly this kind: `full` otherwise takes bubblewrap where it is installed."""
    from autograder import zygote as zygotes

    kept = zygotes.ATTEMPTS
    zygotes.ATTEMPTS = ((level, bubblewrap),)
    try:
        workers.__init__(level)
    finally:
        zygotes.ATTEMPTS = kept


class Scene:
    """The folders an attack is after, the servers it may try to reach, and a log of what is printed."""

    processes: dict[int, str]  # the grader's own, which an attack must neither end nor add to

    def __enter__(self) -> "Scene":
        self.top = Path(tempfile.mkdtemp(prefix="judge-scene-"))
        self.top.chmod(0o755)
        self.mark = f"mark{os.getpid()}x"
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
        self.log = open(self.top / "log", "w+b")  # noqa: SIM115
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

    def judge(self, grade: Any, room: Any, workers: Any, path: Path) -> Any:
        signal.alarm(PATIENCE)
        try:
            return grade.grade_notebook(room, path, seed=SEED, workers=workers)
        finally:
            signal.alarm(0)


def one(attack: Attack, scene: Scene, worth: dict[str, float], judge: Callable[[Path], Any]) -> Verdict:
    """One attack: judge it, then look at what it has gained, broken and left behind."""
    scene.clear()
    path = hand_in(attack, scene.places)
    files, began = snapshot(scene.top), time.monotonic()
    verdict = Verdict(baseline=sum(worth.values()) - (0 if attack.earns == "all" else worth[attack.task]))
    try:
        result = judge(path)
    except Hung:
        verdict.why.append(f"the grader hung for {PATIENCE} s")
    except Exception as error:
        verdict.why.append(f"the grader fell: {type(error).__name__}: {str(error)[:200]}")
    else:
        verdict.points, verdict.status = result.points, result.status
        verdict.why += gains(attack, result, worth)
    verdict.seconds = round(time.monotonic() - began, 2)
    verdict.why += leftovers(scene, files)
    return verdict


def gains(attack: Attack, result: Any, worth: dict[str, float]) -> list[str]:
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
    why, processes = [], scene.processes
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


# ---- every level ---------------------------------------------------------------------------------


def guard(user: str) -> list[str] | None:
    """A command in front of the run: namespaces in which a bomb harms nobody, and an ordinary user's id.

    The system is read-only there, its temporary folders are small, its process table is its own.
    """
    program = shutil.which("bwrap")
    if program is None:
        return None if user == current_user() else [*as_ordinary()] or None
    command = [program, "--die-with-parent", "--unshare-pid", "--unshare-ipc", "--ro-bind", "/", "/"]
    command += ["--dev", "/dev", "--proc", "/proc"]
    for folder in ("/tmp", "/var/tmp", "/dev/shm", "/run"):
        command += ["--perms", "1777", "--size", str(256 << 20), "--tmpfs", folder]
    for hidden in (path for path in Path(sys.base_prefix).parents if blocks(path)):
        inside = hidden / Path(sys.base_prefix).relative_to(hidden).parts[0]
        command += ["--perms", "0755", "--tmpfs", str(hidden), "--ro-bind", str(inside), str(inside)]
    if os.geteuid() == 0:
        command += ["--cap-add", "ALL"]
    return [*command, "--", *(as_ordinary() if user != current_user() else [])]


def blocks(path: Path) -> bool:
    """Whether an ordinary user could not pass this folder, such as root's home with an interpreter in it."""
    return os.geteuid() == 0 and path.is_dir() and not path.stat().st_mode & 1


def as_ordinary() -> list[str]:
    """What root puts before a command to run it as an ordinary user."""
    program = shutil.which("setpriv")
    return [program, f"--reuid={ORDINARY}", f"--regid={ORDINARY}", "--clear-groups"] if program else []


def current_user() -> str:
    return USERS[0] if os.geteuid() == 0 else USERS[1]


def run(user: str, level: str, names: list[str]) -> dict[str, Verdict]:
    """These attacks at one level, as this user, in a process of its own."""
    wall = guard(user)
    if wall is None and user != current_user():
        return {}
    attacks = [attack for attack in all_attacks() if attack.name in names]
    unguarded = wall is None and LEVELS[level][0] == "process"
    wanted = [attack.name for attack in attacks if not (unguarded and attack.dangerous)]
    command = [*(wall or []), sys.executable, "-B", "-m", "tools.attacks", "--inside", level, *wanted]
    kept = {name: os.environ[name] for name in ("PATH", "LANG", "OPENBLAS_CORETYPE") if name in os.environ}
    done = subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, env={**kept, "OMP_NUM_THREADS": "1", "HOME": "/tmp"}
    )
    found = {}
    for line in done.stdout.splitlines():
        name, told = json.loads(line)
        found[name] = Verdict(**told)
    for attack in attacks:
        if attack.name not in wanted:
            found[attack.name] = Verdict([f"not run at this level: {attack.dangerous}"])
    if done.returncode:
        print(f"{user}, {level}: {done.stderr.strip()[-600:]}", file=sys.stderr)
    return found


def inside(level: str, names: list[str]) -> None:
    """The run's own process: one line of JSON an attack on the first standard output."""
    answers = os.fdopen(os.dup(1), "w")
    errors = os.dup(2)
    try:
        attacks = [attack for attack in all_attacks() if attack.name in names]
        for name, verdict in run_level(*LEVELS[level], attacks):
            print(json.dumps([name, vars(verdict)]), file=answers, flush=True)
    except BaseException as error:
        os.write(errors, f"{type(error).__name__}: {error}\n".encode())
        raise SystemExit(1) from None


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--inside", choices=LEVELS, help=argparse.SUPPRESS)
    parser.add_argument("--level", choices=LEVELS, help="this level alone; nothing is recorded")
    parser.add_argument("--user", choices=USERS, help="this user alone; nothing is recorded")
    parser.add_argument("names", nargs="*", help="attacks; all, if none is named")
    given = parser.parse_args()
    if given.inside:
        inside(given.inside, given.names)
        return
    names = given.names or [attack.name for attack in all_attacks()]
    users = [given.user] if given.user else [user for user in USERS if user == current_user() or os.geteuid() == 0]
    for user in users:
        for level in [given.level] if given.level else LEVELS:
            found = run(user, level, names)
            bad = {name: verdict for name, verdict in found.items() if verdict.why}
            seconds = sum(verdict.seconds for verdict in found.values())
            print(f"{user}, {level}: {len(found) - len(bad)} of {len(names)} stopped, {seconds:.0f} s", flush=True)
            for name, verdict in bad.items():
                print(f"    {name}: {'; '.join(verdict.why)}", flush=True)


if __name__ == "__main__":
    main()
