"""Runs every attack of tests/attacks/submissions at every sandbox level, and writes down what stopped it.

Run as root, everything is done once more as an ordinary user. What has been found goes to
data/results/attacks.json, with a digest of the submissions, and as a table into docs/sandbox.md. Levels that
have no walls are run inside namespaces of ours: an attack they do not stop must not reach this machine.
"""

import argparse
import hashlib
import json
import os
import platform
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

os.environ.setdefault("OMP_NUM_THREADS", "1")

from autograder import report
from tools import results
from tools.attack_submissions import COURSE, SUBMISSIONS, Attack, all_attacks
from tools.rooms import ROOT

PAGE = ROOT / "docs" / "sandbox.md"
KEPT = ROOT / ".cache" / "attacks.json"  # what was found, by the digest of the attack
LEVELS = {
    "full, bubblewrap": ("full", True),
    "full, own walls": ("full", False),
    "landlock": ("landlock", False),
    "process": ("process", False),
}
USERS = ("root", "ordinary user")
ORDINARY = 54321  # a user id that nobody has
BEGIN, END = "<!-- attacks: begin (make attacks) -->", "<!-- attacks: end -->"
FOLDERS = ("/tmp", "/var/tmp", "/dev/shm", "/run")  # small ones of their own inside the guard


def guard(user: str) -> list[str] | None:
    """What stands before a run: namespaces in which a bomb harms nobody, and an ordinary user's id.

    The system is read-only there, its temporary folders are small, its process table is its own. None where
    there is no bubblewrap to make them with.
    """
    program = shutil.which("bwrap")
    if program is None:
        return None
    command = [program, "--die-with-parent", "--unshare-pid", "--unshare-ipc", "--ro-bind", "/", "/"]
    command += ["--dev", "/dev", "--proc", "/proc"]
    for folder in (*FOLDERS, "/dev/shm"):
        command += ["--perms", "1777", "--size", str(256 << 20), "--tmpfs", folder]
    for needed in dict.fromkeys((str(ROOT), sys.prefix, sys.base_prefix)):
        if needed.startswith(tuple(f"{folder}/" for folder in FOLDERS)):  # a clone below /tmp
            for parent in reversed(Path(needed).parents[:-2]):
                command += ["--perms", "0755", "--dir", str(parent)]
            command += ["--ro-bind", needed, needed]
    if os.geteuid() == 0:
        command += ["--cap-add", "ALL"]
        for private in (path for path in Path(sys.base_prefix).parents if not path.stat().st_mode & 1):
            inside = str(private / Path(sys.base_prefix).relative_to(private).parts[0])
            command += ["--perms", "0755", "--tmpfs", str(private), "--ro-bind", inside, inside]
    return [*command, "--"]


def as_user(user: str) -> list[str]:
    """What root puts before a command to run it as an ordinary user."""
    return (
        []
        if user == current_user()
        else ["setpriv", f"--reuid={ORDINARY}", f"--regid={ORDINARY}", "--clear-groups"]
    )


def current_user() -> str:
    return USERS[0] if os.geteuid() == 0 else USERS[1]


def users() -> list[str]:
    """The users as whom this one can run the attacks."""
    both = os.geteuid() == 0 and shutil.which("bwrap") and shutil.which("setpriv")
    return list(USERS) if both else [current_user()]


def run(user: str, level: str, names: list[str]) -> dict[str, list[str]]:
    """Attack -> what was not stopped at this level, as this user; in a process of its own."""
    wall = guard(user)
    unsafe = wall is None and LEVELS[level][0] == "process"
    attacks = {attack.name: attack for attack in all_attacks() if attack.name in names}
    wanted = [name for name, attack in attacks.items() if not (unsafe and attack.dangerous)]
    command = [*(wall or []), *as_user(user), sys.executable, "-B", "-m", "tools.attacks", "--inside", level]
    kept = {name: os.environ[name] for name in ("PATH", "LANG", "OPENBLAS_CORETYPE") if name in os.environ}
    kept |= {"OMP_NUM_THREADS": "1", "HOME": "/tmp", "TMPDIR": "/tmp"}
    done = subprocess.run(
        [*command, *wanted], cwd=ROOT, capture_output=True, text=True, env=kept, check=False
    )
    found = dict(json.loads(line) for line in done.stdout.splitlines())
    if done.returncode and not found:
        print(f"{user}, {level}: cannot be run here: {done.stderr.strip()[-300:]}", file=sys.stderr)
        return {}
    for name, attack in attacks.items():
        if name not in wanted:
            found[name] = [f"not run: {attack.dangerous}"]
        elif name not in found:
            found[name] = [f"the run ended before it: {done.stderr.strip()[-300:]}"]
    return found


def inside(level: str, names: list[str]) -> None:
    """The run's own process: a line of JSON for each attack, on what was standard output at first."""
    from tools.attack_scene import run_level

    answers, errors = os.fdopen(os.dup(1), "w"), os.dup(2)
    try:
        for name, why in run_level(
            *LEVELS[level], [attack for attack in all_attacks() if attack.name in names]
        ):
            print(json.dumps([name, why]), file=answers, flush=True)
    except BaseException as error:
        os.write(errors, f"{type(error).__name__}: {error}\n".encode())
        raise SystemExit(1) from None


# ---- what is written down ------------------------------------------------------------------------


def files(attack: Attack | None = None) -> list[Path]:
    """What an attack is made of, or all of them: its own files and the course it is aimed at."""
    places = [COURSE, attack.path if attack else SUBMISSIONS]
    found = [path for place in places for path in ([place] if place.is_file() else place.rglob("*"))]
    return sorted(path for path in found if path.is_file() and "__pycache__" not in path.parts)


def digest(paths: list[Path]) -> str:
    """SHA-256 of names and bytes: when it changes, what was found is out of date."""
    parts = [path.relative_to(ROOT).as_posix().encode() + b"\0" + path.read_bytes() for path in paths]
    return hashlib.sha256(b"".join(hashlib.sha256(part).digest() for part in parts)).hexdigest()


def table(found: dict[str, Any]) -> str:
    """The page's table: an attack a row, a level a column; what was not stopped is said below."""
    lines = ["| | attack | " + " | ".join(LEVELS) + " |", "|---|---|" + "---|" * len(LEVELS)]
    notes: dict[str, list[str]] = {}
    for name, attack in found["attacks"].items():
        cells = []
        for level in LEVELS:
            told = {
                user: attack["levels"][f"{user}: {level}"]
                for user in USERS
                if f"{user}: {level}" in attack["levels"]
            }
            open_for = [user for user, why in told.items() if why]
            cells.append("not run" if not told else cell(told))
            for user in open_for:
                notes.setdefault(f"`{name}`, {level}: {'; '.join(told[user])}", []).append(user)
        lines.append(f"| {attack['number']} | {attack['title']} (`{name}`) | " + " | ".join(cells) + " |")
    lines += [
        "",
        "What was not stopped, and what it did:" if notes else "Every attack was stopped at every level.",
        "",
    ]
    lines += [f"- {text} ({' and '.join(users)})" for text, users in notes.items()]
    return "\n".join(lines).rstrip() + "\n"


def cell(told: dict[str, list[str]]) -> str:
    """One cell: stopped, or as whom it was not."""
    open_for = [user for user, why in told.items() if why]
    if not open_for:
        return "stopped"
    if all(why[0].startswith("not run") for why in told.values() if why):
        return "not run"
    return "**not stopped**" if len(open_for) == len(told) else f"**not stopped** as {open_for[0]}"


def write_page(found: dict[str, Any]) -> None:
    """Puts the table between the page's marks."""
    text = PAGE.read_text(encoding="utf-8")
    head, _, rest = text.partition(BEGIN)
    PAGE.write_text(
        head + BEGIN + "\n\n" + page_part(found) + "\n" + END + rest.partition(END)[2], encoding="utf-8"
    )


def page_part(found: dict[str, Any]) -> str:
    """What the command writes into the page: how many, where, and the table."""
    attacks = found["attacks"].values()
    lines = [f"{len(attacks)} attacks on {found['system']}:", "", "| as | level | stopped |", "|---|---|---|"]
    for column in dict.fromkeys(column for attack in attacks for column in attack["levels"]):
        told = [attack["levels"][column] for attack in attacks if column in attack["levels"]]
        lines.append(f"| {' | '.join(column.split(': '))} | {sum(not why for why in told)} of {len(told)} |")
    return "\n".join([*lines, "", table(found)])


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--inside", choices=LEVELS, help=argparse.SUPPRESS)
    parser.add_argument("--level", choices=LEVELS, help="this level alone; nothing is recorded")
    parser.add_argument("--user", choices=USERS, help="as this user alone; nothing is recorded")
    parser.add_argument(
        "--resume", action="store_true", help="take what an earlier run found for unchanged attacks"
    )
    parser.add_argument("names", nargs="*", help="attacks; with names nothing is recorded")
    given = parser.parse_args()
    if given.inside:
        inside(given.inside, given.names)
        return
    attacks = [attack for attack in all_attacks() if not given.names or attack.name in given.names]
    found = run_all(attacks, [given.user] if given.user else users(), given.level, given.resume)
    if not (given.level or given.user or given.names):
        results.write("attacks", found, made_by=__file__)
        write_page(found)


def run_all(attacks: list[Attack], who: list[str], level: str | None, resume: bool) -> dict[str, Any]:
    """Every attack at every level as every user, with what was found as it is recorded."""
    kept: dict[str, Any] = json.loads(KEPT.read_text(encoding="utf-8")) if resume and KEPT.exists() else {}
    system = f"{platform.system()} {platform.release().partition('-')[0]}, {platform.machine()}"
    found: dict[str, Any] = {"system": system, "submissions": digest(files()), "attacks": {}}
    for attack in attacks:
        about = {"number": attack.number, "title": attack.title, "task": attack.task}
        found["attacks"][attack.name] = {**about, "levels": {}}
    for user in who:
        for where in [level] if level else LEVELS:
            column = f"{user}: {where}"
            keys = {attack.name: f"{column}: {attack.name}: {digest(files(attack))}" for attack in attacks}
            new = [name for name, key in keys.items() if key not in kept]
            told = run(user, where, new) if new else {}
            kept |= {keys[name]: why for name, why in told.items()}
            report.write(KEPT, json.dumps(kept))
            for name, key in keys.items():
                if key in kept:
                    found["attacks"][name]["levels"][column] = kept[key]
            show(column, found)
    return found


def show(column: str, found: dict[str, Any]) -> None:
    told = {
        name: attack["levels"][column]
        for name, attack in found["attacks"].items()
        if column in attack["levels"]
    }
    print(f"{column}: {sum(not why for why in told.values())} of {len(told)} stopped", flush=True)
    for name, why in told.items():
        if why:
            print(f"    {name}: {'; '.join(why)}", flush=True)


if __name__ == "__main__":
    main()
