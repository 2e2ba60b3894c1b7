"""A made-up class of the pruning room, the same for the same number of learners.

Right answers in several styles (the known twins), wrong ones (the known mutants), half finished ones, loops,
crashes, copies, unreadable files, archives, and one, the first, that is to kill whoever judges it.
"""

import ast
import io
import json
import os
import random
import shutil
import signal
import sys
import tarfile
import zipfile
from pathlib import Path
from typing import Any

from tools.rooms import ROOT

ROOM, TOPIC, EXPERIMENT = "02_pruning", "pruning", "prune_lenet"
POISON = b"# kills its judge"
SHARES = {
    "right": 48, "wrong": 30, "half finished": 9, "copy": 4, "archive": 4, "unreadable": 2,
    "crash": 2, "loop": 1,
}  # fmt: skip
CRASHES = ("os._exit(0)", "os.kill(os.getpid(), 9)", "raise SystemExit", "return [0] * 10**11")


def answers(kind: str) -> dict[str, list[str]]:
    """task -> the texts of its known mutants or twins."""
    found: dict[str, list[str]] = {}
    for file in sorted((ROOT / "autograder" / "answers" / TOPIC / kind).glob("*.py")):
        task = next((task for task in tasks() if file.stem.startswith(f"{task}__")), "")
        if task:
            found.setdefault(task, []).append(file.read_text(encoding="utf-8"))
    return found


def tasks() -> list[str]:
    """The room's tasks, the longest name first, without the experiment."""
    text = (ROOT / "exercises" / ROOM / f"{ROOM}.ipynb").read_text(encoding="utf-8")
    ids = [cell["id"] for cell in json.loads(text)["cells"]]
    named = [one.removeprefix("check_") for one in ids if one.startswith("check_")]
    return sorted((task for task in named if task != EXPERIMENT), key=len, reverse=True)


def make_class(folder: Path, count: int, *, poison: bool = True) -> dict[str, str]:
    """Write the submissions; returns learner -> what they are like. The first one may be the poison."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    chance = random.Random(count)
    known = {kind: answers(kind) for kind in ("twins", "mutants")}
    reference = (ROOT / "shrink" / f"{TOPIC}.py").read_text(encoding="utf-8")
    made: dict[str, str] = {}
    texts: list[str] = []
    for number in range(count):
        learner = f"learner-{number:04}"
        kind = "poison" if poison and number == 0 else chance.choices(list(SHARES), list(SHARES.values()))[0]
        kind = kind if number > 3 or kind != "copy" else "right"
        made[learner] = kind
        if kind == "copy":
            text = chance.choice(texts)
        else:
            text = f"# {learner}\n{reference}\n" + additions(kind, known, chance)
        if kind in ("right", "wrong", "half finished"):
            texts.append(text)
        write_one(folder, learner, kind, text, chance)
    return made


def notebooks(folder: Path, count: int) -> list[Path]:
    """Notebooks that a kernel survives: the solution with two answers replaced."""
    folder.mkdir(parents=True)
    chance = random.Random(count)
    whole = json.loads((ROOT / "solutions" / ROOM / f"{ROOM}.ipynb").read_text(encoding="utf-8"))
    whole["cells"] = [cell for cell in whole["cells"] if EXPERIMENT not in cell["id"]]
    known = {"right": answers("twins"), "wrong": answers("mutants")}
    made = []
    for number in range(count):
        kind = chance.choice(["right", "right", "wrong", "half finished"])
        pool = known.get(kind, {task: ["raise NotImplementedError\n"] for task in tasks()})
        changed = {task: chance.choice(pool[task]) for task in chance.sample(sorted(pool), 2)}
        copy = json.loads(json.dumps(whole))
        for cell in copy["cells"]:
            if cell["id"] in changed:
                cell["source"] = f"# learner {number}\n{changed[cell['id']]}"
        made.append(folder / f"learner-{number:04}.ipynb")
        made[-1].write_text(json.dumps(copy), encoding="utf-8")
    return made


def additions(kind: str, known: dict[str, dict[str, list[str]]], chance: random.Random) -> str:
    """What is appended to a right module: of two definitions of a name the later one counts."""
    if kind == "poison":
        return POISON.decode()
    asked = tasks()
    if kind in ("right", "archive", "wrong"):
        pool = known["mutants" if kind == "wrong" else "twins"]
        changed = chance.sample(sorted(pool), min(len(pool), chance.randint(1, 3)))
        return "\n\n".join(chance.choice(pool[task]) for task in changed)
    body = {
        "half finished": "raise NotImplementedError",
        "crash": f"import os; {chance.choice(CRASHES)}",
        "loop": "while True: pass",
    }.get(kind, "pass")
    some = chance.sample(asked, chance.randint(2, 7) if kind == "half finished" else 1)
    return "\n\n".join(f"def {task}(*given, **named):\n    {body}" for task in some)


def write_one(folder: Path, learner: str, kind: str, text: str, chance: random.Random) -> None:
    """One submission as a file: a notebook or a module, packed or broken."""
    if kind == "archive":
        name = f"{learner}/{TOPIC}.py"
        if chance.random() < 0.5:
            with zipfile.ZipFile(folder / f"{learner}.zip", "w", zipfile.ZIP_DEFLATED) as archive:
                archive.writestr(zipfile.ZipInfo(name), text)
        else:
            with tarfile.open(folder / f"{learner}.tar.gz", "w:gz") as tar:
                member = tarfile.TarInfo(name)
                member.size = len(text.encode())
                tar.addfile(member, io.BytesIO(text.encode()))
    elif kind == "unreadable":
        broken = {".ipynb": notebook(text)[:-40], ".zip": b"PK\x03\x04 cut off", ".py": text.encode("utf-16")}
        ending = chance.choice(sorted(broken))
        (folder / f"{learner}{ending}").write_bytes(broken[ending])
    elif chance.random() < 0.6:
        (folder / f"{learner}.ipynb").write_bytes(notebook(text))
    else:
        (folder / f"{learner}.py").write_text(text, encoding="utf-8")


def notebook(text: str) -> bytes:
    """A module's text as a notebook: a cell a statement, as a learner's would be."""
    lines = text.splitlines(keepends=True)
    ends = [node.end_lineno or 0 for node in ast.parse(text).body]
    cells: list[dict[str, Any]] = [
        {"cell_type": "code", "execution_count": None, "id": f"cell-{at}", "metadata": {}, "outputs": [],
         "source": "".join(lines[start:end])}
        for at, (start, end) in enumerate(zip([0, *ends], [*ends, len(lines)], strict=False))
    ]  # fmt: skip
    return json.dumps({"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}).encode()


def poisonable_start(order: Any) -> tuple[bytes, Any]:
    """class_run.start, but the poison kills the process that judges it. Runs in Dask's workers, too."""
    from autograder import class_run

    hello, judge = getattr(class_run, "unpoisoned_start", class_run.start)(order)

    def judge_or_die(unit: Any) -> bytes:
        if POISON in unit.data:
            os.kill(os.getpid(), signal.SIGKILL)
        reply: bytes = judge(unit)
        return reply

    return hello, judge_or_die


def coordinate(arguments: list[str]) -> None:
    """`python -m autograder class ...`, whose worker processes have that judge; this module's own program, so
    that nothing else is imported and counted.
    """
    from autograder import __main__ as program
    from autograder import class_run
    from tools import synthetic_class

    class_run.unpoisoned_start = class_run.start  # type: ignore[attr-defined]
    class_run.start = synthetic_class.poisonable_start
    sys.argv = ["autograder", "class", *arguments]
    program.main()


if __name__ == "__main__":
    coordinate(sys.argv[1:])
